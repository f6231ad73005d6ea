import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { timedCheckFields } from './fields.ts';
import { settling } from './settling.ts';

const schema = z.strictObject({
  kind: z.literal('time-to-recover'),
  ...timedCheckFields,
  answeredIn: duration()
    .optional()
    .describe('What an answer may take to count among those that succeed; as long as it likes unless given.'),
  atMost: duration().describe(
    'From the end of the fault until, for a second, 99% of the requests succeed, whoever answers them.',
  ),
});

/** How long what a fault has piled up (queues, retries, ejected hosts) outlasts it: an overload has to pass with its cause. */
export const timeToRecover: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  window: 'recovery',
  describe: ({ atMost, answeredIn }) =>
    `recovered within ${formatMs(atMost)} of the end of the fault${answeredIn === undefined ? '' : `, with answers in ${formatMs(answeredIn)}`}`,
  observe: (check, facts, window) => ({
    ...settling(check, facts, window, [], {}, check.answeredIn),
    lacking: { what: 'no failures' },
  }),
};
