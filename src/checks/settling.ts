import { formatMs } from '../kit/format.ts';
import type { Observation, Window } from './contract.ts';
import type { RunFacts } from './facts.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

/** For a second at a time, this share of the requests must succeed. */
const HOLD_MS = 1_000;
const SUCCESS = 0.99;

/**
 * How long from the start of a window until, for a second, requests succeed (within `slowestMs`, where that is given)
 * and the instances have the share they should.
 */
export function settling(
  check: { readonly atMost: number },
  facts: RunFacts,
  window: Window,
  instances: readonly string[],
  share: { readonly atMost?: number; readonly atLeast?: number },
  slowestMs?: number,
): Observation {
  const at = facts.firstSettled({
    fromMs: window.fromMs,
    untilMs: window.toMs,
    holdMs: HOLD_MS,
    success: SUCCESS,
    ...(slowestMs === undefined ? {} : { slowestMs }),
    instances,
    share,
  });
  const value = at === undefined ? undefined : at - window.fromMs;
  return {
    value,
    samples: facts.count(window),
    neededSamples: NEEDED_REQUESTS,
    holds: value !== undefined && isWithin(value, check),
    observed: value === undefined ? 'never' : formatMs(value),
    limit: formatLimits(check, formatMs),
  };
}
