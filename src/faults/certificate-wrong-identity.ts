import { z } from 'zod';
import { certify } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('certificate-wrong-identity'),
    ...faultFields,
    serviceAccount: z
      .string()
      .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'expected the name of a service account')
      .max(253)
      .default('somebody-else')
      .describe('Whose identity it has in place of its own.'),
  })
  .describe(
    'The sidecar shows a certificate of the right authority with the identity of another service account, and its own at the end. Callers refuse such a server; whom a client says to be, policies of authorization look at. It hits clients too. Needs --env local.',
  );

/** A workload passes for another one. */
export const certificateWrongIdentity: FaultKind<typeof schema> = {
  schema,
  hits: 'everyone',
  certifies: true,
  describe: ({ serviceAccount }) => `has the identity of ${serviceAccount}`,
  mistakes: ({ serviceAccount }, instances) => {
    const own = instances.find((instance) => instance.serviceAccount === serviceAccount);
    if (own === undefined) return [];
    const message = `that is the service account of ${own.name} itself: its identity would not be a wrong one`;
    return [{ path: ['serviceAccount'], message }];
  },
  actions: (fault, _id, instances) => certify(instances, { serviceAccount: fault.serviceAccount }),
  proof: ({ serviceAccount }) => ({ kind: 'certificate', is: 'of-another', serviceAccount }),
};
