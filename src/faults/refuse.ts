import { z } from 'zod';
import { misbehave } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('refuse'), ...faultFields })
  .describe('The app stops listening; its sidecar goes on.');

/** The app stops listening; its sidecar goes on. */
export const refuse: FaultKind<typeof schema> = {
  schema,
  describe: () => 'stops listening',
  actions: (_fault, id, instances) => misbehave(instances, id, { kind: 'refuse' }),
  proof: () => ({ kind: 'unanswered', share: 1 }),
};
