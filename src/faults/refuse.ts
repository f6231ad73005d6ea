import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('refuse'), ...faultFields })
  .describe('The app stops listening; its sidecar goes on.');

/** The app stops listening; its sidecar goes on. */
export const refuse: FaultKind<typeof schema> = {
  schema,
  describe: () => 'stops listening',
  actions: (_fault, id, instance) => ({
    inject: { do: 'set-fault', instance, id, behaviour: { kind: 'refuse' } },
    revert: { do: 'clear-fault', instance, id },
  }),
  proof: () => ({ kind: 'unanswered', share: 1 }),
};
