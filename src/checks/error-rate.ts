import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { countErrors } from './errors.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits } from './limits.ts';
import { shareOfRequests } from './per-request.ts';

const schema = z
  .strictObject({
    kind: z.literal('error-rate'),
    ...checkFields,
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
  describe: (check) => `error rate (shed requests left out) ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const samples = facts.count(window);
    const errors = countErrors(facts, window);
    const observed = shareOfRequests(check, errors, samples);
    const { value } = observed;
    return {
      ...observed,
      lacking: { what: value !== undefined && value < (check.atLeast ?? 0) ? 'errors' : 'few errors' },
      ...(errors === 0
        ? {}
        : { detail: `${plural(errors, 'error')} in ${plural(samples, 'request')}, shed ones left out` }),
    };
  },
};
