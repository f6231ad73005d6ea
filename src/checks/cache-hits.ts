import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits } from './limits.ts';
import { shareOfRequests } from './per-request.ts';

const schema = z
  .strictObject({
    kind: z.literal('cache-hits'),
    ...checkFields,
    ...bounds(() =>
      percent().describe(
        'Share of the requests that a sidecar answered with what it had kept, or with what it was just getting for another.',
      ),
    ),
  })
  .refine(hasBound, noBound);

/** How many of the requests were answered out of a cache of the mesh. */
export const cacheHits: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) => `answered from a cache ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const samples = facts.count(window);
    const hits = facts.cacheAges(window).count;
    const observed = shareOfRequests(check, hits, samples);
    return {
      ...observed,
      detail: `${plural(hits, 'request')} of ${samples} answered from a cache`,
      lacking: { what: (observed.value ?? 0) < (check.atLeast ?? 0) ? 'caching' : 'asking' },
    };
  },
};
