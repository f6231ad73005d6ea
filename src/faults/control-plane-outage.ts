import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const { on: _everywhere, ...fields } = faultFields;

const schema = z
  .strictObject({ kind: z.literal('control-plane-outage'), ...fields })
  .describe(
    'The control plane is gone for a while: sidecars keep what they know, and nothing new reaches them. It hits no instance, so there is no `on`.',
  );

/** Nobody tells the sidecars anything; traffic is to go on with the last configuration. */
export const controlPlaneOutage: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  subject: 'the control plane',
  describe: () => 'is gone',
  actions: () => {
    const target = { kind: 'control-plane' } as const;
    return [{ inject: { do: 'stop-control-plane', target }, revert: { do: 'start-control-plane', target } }];
  },
  proof: () => ({ kind: 'disconnected' }),
};
