import { formatMs, formatPercent, plural } from '../kit/format.ts';
import type { Outcome } from '../model/evidence.ts';
import type { Observation, Window } from './contract.ts';
import type { RunFacts } from './facts.ts';
import { type Limits, NEEDED_REQUESTS } from './limits.ts';
import { shareOfRequests } from './per-request.ts';

/** " in any 1 s", where a check looks at stretches; else nothing. */
export function inStretches({ over }: { readonly over?: number | undefined }): string {
  return over === undefined ? '' : ` in any ${formatMs(over)}`;
}

/** Stretches begin this often within their length, so that one lies over every bad time nearly as it is. */
const BEGINNINGS = 10;

interface Stretch {
  readonly fromMs: number;
  readonly such: number;
  readonly requests: number;
}

/**
 * The share of requests with some outcomes, from 0 to 1, in that stretch of `overMs` milliseconds of a window which is
 * furthest beyond a limit. Of too few requests no stretch says anything; where none has enough of them, the fullest
 * one is told, and is too few.
 */
export function worstStretch(
  limits: Limits,
  facts: RunFacts,
  window: Window,
  overMs: number,
  outcomes: readonly Outcome[],
): Observation {
  const slotMs = overMs / BEGINNINGS;
  const requests = facts.countInSlots(window, slotMs);
  const such = outcomes.map((outcome) => facts.countInSlots(window, slotMs, { outcome }));
  const sum = (slots: readonly number[], from: number) =>
    slots.slice(from, from + BEGINNINGS).reduce((all, each) => all + each, 0);
  const stretches = requests.slice(0, Math.max(0, requests.length - BEGINNINGS + 1)).map(
    (_, from): Stretch => ({
      fromMs: window.fromMs + from * slotMs,
      such: such.reduce((all, slots) => all + sum(slots, from), 0),
      requests: sum(requests, from),
    }),
  );
  const telling = stretches.filter((stretch) => stretch.requests >= NEEDED_REQUESTS);
  const worst =
    most(telling, ({ such, requests: all }) => beyond(such / all, limits)) ??
    most(stretches, (stretch) => stretch.requests);
  const observation = shareOfRequests(limits, worst?.such ?? 0, worst?.requests ?? 0);
  if (worst === undefined || observation.value === undefined) return observation;
  return {
    ...observation,
    detail: `${formatPercent(observation.value)} of ${plural(worst.requests, 'request')} in the ${formatMs(overMs)} from ${formatMs(worst.fromMs)} on`,
  };
}

/** How far a value is beyond its limits; below 0 by as much as it is within them. */
function beyond(
  value: number,
  { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Limits,
): number {
  return Math.max(atLeast - value, value - atMost);
}

function most<T>(of: readonly T[], measure: (each: T) => number): T | undefined {
  let found: T | undefined;
  for (const each of of) if (found === undefined || measure(each) > measure(found)) found = each;
  return found;
}
