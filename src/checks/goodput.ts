import { z } from 'zod';
import { formatRate } from '../kit/format.ts';
import { rate } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

const schema = z
  .strictObject({
    kind: z.literal('goodput'),
    ...checkFields,
    ...bounds(() =>
      rate().describe('Answers per second that ended well in the window, whenever they were asked for.'),
    ),
  })
  .refine(hasBound, noBound);

/** What a service gets done: answers that ended well in the window, per second. What waits in a queue is none yet. */
export const goodput: CheckKind<typeof schema> = {
  schema,
  unit: 'per-second',
  restsOn: 'requests',
  describe: (check) => `goodput ${formatLimits(check, formatRate)}`,
  observe(check, facts, window) {
    const seconds = (window.toMs - window.fromMs) / 1_000;
    const value = seconds > 0 ? facts.ended(window, 'ok') / seconds : undefined;
    const failed = facts.count(window) - facts.count(window, { outcome: 'ok' });
    const missing = (check.atLeast ?? 0) - (value ?? 0);
    // What did not fail and is not there yet waits somewhere.
    const waits = failed / seconds < missing;
    return {
      value,
      samples: facts.count(window),
      neededSamples: NEEDED_REQUESTS,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'no requests' : formatRate(value),
      limit: formatLimits(check, formatRate),
      lacking: { what: missing <= 0 ? 'rate-limit' : waits ? 'low-latency' : 'no failures' },
    };
  },
};
