import { z } from 'zod';
import { pauseAndResume } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('pause'), ...faultFields })
  .describe(
    'SIGSTOP to the app, as in a long garbage collection or on a frozen host; its connections stay open.',
  );

/** SIGSTOP to the app, as in a long garbage collection or a frozen host; connections stay open. */
export const pause: FaultKind<typeof schema> = {
  schema,
  halts: 'frozen',
  describe: () => 'freezes with its connections open',
  actions: (_fault, _id, instances) => pauseAndResume(instances),
  // What arrives in the first half of the freeze waits for longer than the other half.
  proof: (fault) => ({ kind: 'slower', ms: fault.for / 2, share: 0.25 }),
};
