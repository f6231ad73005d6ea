import { z } from 'zod';
import { formatCount } from '../kit/format.ts';
import { describeTarget, instanceTarget } from '../model/target.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, NEEDED_STATISTICS } from './limits.ts';

const schema = z
  .strictObject({
    kind: z.literal('ejections'),
    ...checkFields,
    of: instanceTarget.optional().describe('Whose ejections; those of every instance unless given.'),
    ...bounds(() =>
      z.int().min(0).describe('How often an instance went from healthy to ejected at a client sidecar.'),
    ),
  })
  .refine(hasBound, noBound);

/** How often outlier detection ejected an instance. */
export const ejections: CheckKind<typeof schema> = {
  schema,
  unit: 'count',
  restsOn: 'statistics',
  aboutHosts: 'eject a replica',
  describe: (check) =>
    `ejections${check.of ? ` of ${describeTarget(check.of)}` : ''}: ${formatLimits(check, formatCount)}`,
  observe(check, facts, window) {
    const of = check.of && facts.instancesOf(check.of);
    const { value, samples } = facts.ejections(window, of);
    return {
      value,
      samples,
      neededSamples: NEEDED_STATISTICS,
      holds: isWithin(value, check),
      observed: formatCount(value),
      limit: formatLimits(check, formatCount),
      lacking: {
        what: value < (check.atLeast ?? 0) ? 'ejection' : 'no-ejection',
        ...(of === undefined ? {} : { of }),
      },
    };
  },
};
