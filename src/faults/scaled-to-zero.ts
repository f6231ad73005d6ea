import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('scaled-to-zero'),
    ...faultFields,
    on: z.strictObject({ workload: z.string().describe('The workload whose Deployment is scaled.') }),
  })
  .describe(
    'A Deployment is scaled to zero and back: its pods end in order, new ones come. Needs --env kind.',
  );

/** Somebody scales a Deployment to zero, and back at the end. */
export const scaledToZero: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  describe: () => 'is scaled away',
  actions: (fault) => {
    const target = { kind: 'workload', name: fault.on.workload } as const;
    return [{ inject: { do: 'scale-down', target }, revert: { do: 'scale-up', target } }];
  },
  proof: () => ({ kind: 'silent' }),
};
