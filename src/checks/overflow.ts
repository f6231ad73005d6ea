import { z } from 'zod';
import { formatCount } from '../kit/format.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, NEEDED_STATISTICS } from './limits.ts';

const schema = z
  .strictObject({
    kind: z.literal('overflow'),
    ...checkFields,
    ...bounds(() =>
      z.int().min(0).describe('Requests that the client sidecar refused because a connection pool was full.'),
    ),
  })
  .refine(hasBound, noBound);

/** Requests refused because a connection pool was full, by the sidecar's own count. */
export const overflow: CheckKind<typeof schema> = {
  schema,
  unit: 'count',
  restsOn: 'statistics',
  aboutHosts: 'overflow a pool',
  describe: (check) => `requests refused by a full pool: ${formatLimits(check, formatCount)}`,
  observe(check, facts, window) {
    const { value, samples } = facts.overflow(window);
    return {
      value,
      samples,
      neededSamples: NEEDED_STATISTICS,
      holds: isWithin(value, check),
      observed: formatCount(value),
      limit: formatLimits(check, formatCount),
      lacking: { what: value < (check.atLeast ?? 0) ? 'overflow' : 'no overflow' },
    };
  },
};
