import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import { describeTarget, instanceTarget } from '../model/target.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

const schema = z
  .strictObject({
    kind: z.literal('share'),
    ...checkFields,
    of: instanceTarget.describe('Whose share: a workload, one replica of it, a zone or a service.'),
    ...bounds(() => percent().describe('Share of the requests that some host answered.')),
  })
  .refine(hasBound, noBound);

/** Where the traffic went: the share of answered requests that some instances answered. */
export const share: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) =>
    `share of requests answered by ${describeTarget(check.of)} ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const answered = facts.count(window, { instances: facts.instancesOf({}) });
    const limit = formatLimits(check, formatPercent);
    if (answered === 0) {
      const observed = 'no host answered anything';
      const samples = check.atLeast === undefined ? 0 : facts.count(window);
      return { value: undefined, samples, neededSamples: NEEDED_REQUESTS, holds: false, observed, limit };
    }
    const count = facts.count(window, { instances: facts.instancesOf(check.of) });
    return {
      value: count / answered,
      samples: answered,
      neededSamples: NEEDED_REQUESTS,
      holds: isWithin(count / answered, check),
      observed: formatPercent(count / answered),
      limit,
      detail: `${plural(count, 'request')} of ${plural(answered, 'answered request')}`,
    };
  },
};
