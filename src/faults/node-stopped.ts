import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('node-stopped'),
    ...faultFields,
    on: z.strictObject({ zone: z.string().describe('The locality whose nodes stop: region/zone.') }),
  })
  .describe(
    'The nodes of a zone lose power and are started again at the end: nobody hears from them. Needs --env kind.',
  );

/** The machines of a zone stop at once; the control plane of the cluster notices late, as in real life. */
export const nodeStopped: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  describe: () => 'stops with its node',
  actions: (_fault, _id, instances) =>
    instances.map(({ name }) => {
      const target = { kind: 'node', of: name } as const;
      return { inject: { do: 'stop-node', target }, revert: { do: 'start-node', target } };
    }),
  proof: () => ({ kind: 'silent' }),
};
