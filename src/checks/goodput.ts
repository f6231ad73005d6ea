import { z } from 'zod';
import { formatRate } from '../kit/format.ts';
import { rate } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('goodput'),
  ...checkFields,
  atLeast: rate().describe('Successful requests per second.'),
});

/** Successful requests per second, by when they were due. */
export const goodput: CheckKind<typeof schema> = {
  schema,
  unit: 'per-second',
  restsOn: 'requests',
  describe: (check) => `goodput ${formatLimits(check, formatRate)}`,
  observe(check, facts, window) {
    const seconds = (window.toMs - window.fromMs) / 1_000;
    const value = seconds > 0 ? facts.count(window, { outcome: 'ok' }) / seconds : undefined;
    return {
      value,
      samples: facts.count(window),
      neededSamples: NEEDED_REQUESTS,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'no requests' : formatRate(value),
      limit: formatLimits(check, formatRate),
      lacking: { what: 'no failures' },
    };
  },
};
