import { z } from 'zod';
import { formatMs, formatPercent } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { timedCheckFields } from './fields.ts';
import { formatLimits, NEEDED_REQUESTS } from './limits.ts';
import { settling } from './settling.ts';
import { targetsOf } from './targets.ts';

const schema = z.strictObject({
  kind: z.literal('time-to-return'),
  ...timedCheckFields,
  atMost: duration().describe(
    'From the end of the fault until, for a second, 99% of the requests succeed and its targets answer at least half of their share before the fault.',
  ),
});

/** How long traffic took to come back to instances that are well again. */
export const timeToReturn: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  window: 'recovery',
  describe: (check) => `traffic back within ${formatMs(check.atMost)} of the end of the fault`,
  observe(check, facts, window) {
    const instances = targetsOf(facts, window);
    const steady = facts.windows.find(({ name }) => name === 'steady');
    const { all, by } = steady ? facts.answered(steady, instances) : { all: 0, by: 0 };
    const share = all > 0 ? by / all : 0;
    if (share === 0) {
      const observed = 'no share before the fault';
      const detail = 'its targets answered nothing in the steady state, so there is nothing to return to';
      return {
        value: undefined,
        samples: 0,
        neededSamples: NEEDED_REQUESTS,
        holds: false,
        observed,
        limit: formatLimits(check, formatMs),
        detail,
      };
    }
    return {
      ...settling(check, facts, window, instances, { atLeast: share / 2 }),
      lacking: { what: 'return' },
      detail: `the targets answered ${formatPercent(share)} of the requests before the fault`,
    };
  },
};
