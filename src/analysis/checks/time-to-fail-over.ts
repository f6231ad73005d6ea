import { z } from 'zod';
import { duration } from '../../scenario/units.ts';
import type { CheckKind } from '../contract.ts';
import { formatMs } from '../format.ts';
import { timedCheckFields } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';
import { targetsOf } from './targets.ts';

const schema = z.strictObject({
  kind: z.literal('time-to-fail-over'),
  ...timedCheckFields,
  atMost: duration().describe(
    'From the injection of the fault until, for a second, 99% of the requests succeed and its targets answer 1% of them at most.',
  ),
});

/** How long traffic took to leave the faulty instances for good ones. */
export const timeToFailOver: CheckKind<typeof schema> = {
  schema,
  restsOn: 'requests',
  window: 'fault',
  describe: (check) => `failed over within ${formatMs(check.atMost)}`,
  observe(check, facts, window) {
    const at = facts.firstSettled({
      fromMs: window.fromMs,
      untilMs: window.toMs,
      holdMs: 1_000,
      success: 0.99,
      instances: targetsOf(facts, window),
      share: { atMost: 0.01 },
    });
    const value = at === undefined ? undefined : at - window.fromMs;
    return {
      value,
      samples: facts.count(window),
      neededSamples: NEEDED_REQUESTS,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'never' : formatMs(value),
      limit: formatLimits(check, formatMs),
      ...(value === undefined
        ? {
            detail:
              'there was no second in which 99 % succeeded and the targets answered 1 % at most, while the fault was on',
          }
        : {}),
    };
  },
};
