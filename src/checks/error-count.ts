import { z } from 'zod';
import { formatCount, plural } from '../kit/format.ts';
import type { CheckKind } from './contract.ts';
import { countErrors } from './errors.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('error-count'),
  ...checkFields,
  atMost: z
    .int()
    .min(0)
    .describe('Requests answered with 400 or above, or not at all; shed requests are not counted.'),
});

/** How many requests failed without having been shed. */
export const errorCount: CheckKind<typeof schema> = {
  schema,
  unit: 'count',
  restsOn: 'requests',
  describe: (check) =>
    check.atMost === 0 ? 'no errors (shed requests left out)' : `at most ${plural(check.atMost, 'error')}`,
  observe(check, facts, window) {
    const samples = facts.count(window);
    const value = countErrors(facts, window);
    return {
      value,
      samples,
      neededSamples: NEEDED_REQUESTS,
      holds: isWithin(value, check),
      observed: formatCount(value),
      limit: formatLimits(check, formatCount),
      lacking: { what: 'few errors' },
    };
  },
};
