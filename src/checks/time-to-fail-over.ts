import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { timedCheckFields } from './fields.ts';
import { settling } from './settling.ts';
import { targetsOf } from './targets.ts';

const schema = z.strictObject({
  kind: z.literal('time-to-fail-over'),
  ...timedCheckFields,
  atMost: duration().describe(
    'From the injection of the fault until, for a second, 99% of the requests succeed and its targets answer 1% of them at most.',
  ),
});

/** How long traffic took to leave the faulty instances for good ones. */
export const timeToFailOver: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  aboutHosts: 'cause a failover',
  window: 'fault',
  describe: (check) => `failed over within ${formatMs(check.atMost)}`,
  observe(check, facts, window) {
    const result = {
      ...settling(check, facts, window, targetsOf(facts, window), { atMost: 0.01 }),
      lacking: { what: 'takeover' },
    } as const;
    if (result.value !== undefined) return result;
    const detail =
      'there was no second in which 99 % succeeded and the targets answered 1 % at most, while the fault was on';
    return { ...result, detail };
  },
};
