import { z } from 'zod';
import { formatMs, plural } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('convergence'),
  name: checkFields.name,
  change: checkFields.change,
  atMost: duration().describe(
    'From when the control plane was given the change until every sidecar held it.',
  ),
});

/** How long a change of the mesh configuration took to be in effect everywhere. */
export const convergence: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'statistics',
  window: 'change',
  describe: (check) => `in effect at every sidecar within ${formatMs(check.atMost)}`,
  observe(check, facts, window) {
    const change = facts.changes.find(({ name }) => name === window.change);
    const arrivals = Object.entries(change?.arrivals ?? {}).toSorted(([, a], [, b]) => b - a);
    const [last] = arrivals;
    const value = change?.arrivedAtMs === undefined ? undefined : last?.[1];
    return {
      value,
      samples: arrivals.length,
      neededSamples: 1,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'never' : formatMs(value),
      limit: formatLimits(check, formatMs),
      ...(last === undefined
        ? {}
        : { detail: `${last[0]} was the last of ${plural(arrivals.length, 'sidecar')}` }),
    };
  },
};
