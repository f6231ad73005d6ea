import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import { describeTarget, instanceTarget } from '../model/target.ts';
import type { CheckKind } from './contract.ts';
import { timedCheckFields } from './fields.ts';
import { formatLimits, isWithin, NEEDED_STATISTICS } from './limits.ts';
import { targetsOf } from './targets.ts';

const schema = z.strictObject({
  kind: z.literal('time-to-eject'),
  ...timedCheckFields,
  of: instanceTarget.optional().describe("Which instances; the fault's targets unless given."),
  which: z
    .enum(['any', 'all'])
    .default('all')
    .describe('Until any one of them is ejected, or until all are at the same time.'),
  atMost: duration().describe('From the injection of the fault until a client sidecar has ejected them.'),
});

/** How long outlier detection took to take the faulty instances out. */
export const timeToEject: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'statistics',
  aboutHosts: 'eject a replica',
  window: 'fault',
  describe(check) {
    const whom = check.of ? describeTarget(check.of) : 'the faulty instances';
    return `${check.which === 'any' ? `one of ${whom}` : whom} ejected within ${formatMs(check.atMost)}`;
  },
  observe(check, facts, window) {
    const targets = check.of ? facts.instancesOf(check.of) : targetsOf(facts, window);
    const { samples } = facts.ejections(window);
    const at = facts.firstEjected(window.fromMs, targets, check.which);
    const value = at === undefined || at > window.toMs ? undefined : at - window.fromMs;
    return {
      value,
      samples,
      neededSamples: NEEDED_STATISTICS,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'never' : formatMs(value),
      limit: formatLimits(check, formatMs),
      lacking: { what: 'ejection', hosts: check.which === 'all' ? targets.length : 1, of: targets },
      ...(value === undefined && samples > 0
        ? { detail: `not ejected in the ${formatMs(window.toMs - window.fromMs)} that the fault was on` }
        : {}),
    };
  },
};
