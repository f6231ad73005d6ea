import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { countErrors, errors } from './errors.ts';
import { bounds, checkFields, hasBound, noBound, stretchField } from './fields.ts';
import { formatLimits } from './limits.ts';
import { shareOfRequests } from './per-request.ts';
import { inStretches, worstStretch } from './stretches.ts';

const schema = z
  .strictObject({
    kind: z.literal('error-rate'),
    ...checkFields,
    ...stretchField,
    ...bounds(() =>
      percent().describe(
        'Share of all requests answered with 400 or above, or not at all. Requests that the client sidecar shed (overflow, rate limit) are not errors here; success-rate counts them.',
      ),
    ),
  })
  .refine(hasBound, noBound);

/** How many of all requests failed without having been shed. */
export const errorRate: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) =>
    `error rate (shed requests left out)${inStretches(check)} ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const samples = facts.count(window);
    const failed = countErrors(facts, window);
    const observed =
      check.over === undefined
        ? shareOfRequests(check, failed, samples)
        : worstStretch(check, facts, window, check.over, errors);
    const { value } = observed;
    return {
      ...(failed === 0
        ? {}
        : { detail: `${plural(failed, 'error')} in ${plural(samples, 'request')}, shed ones left out` }),
      ...observed,
      lacking: { what: value !== undefined && value < (check.atLeast ?? 0) ? 'errors' : 'few errors' },
    };
  },
};
