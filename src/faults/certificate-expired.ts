import { z } from 'zod';
import { certify } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('certificate-expired'), ...faultFields })
  .describe(
    'The sidecar shows a certificate whose time was over an hour ago, and a new one at the end. It hits clients too. Needs --env local.',
  );

/** Nobody has renewed a certificate in time. */
export const certificateExpired: FaultKind<typeof schema> = {
  schema,
  hits: 'everyone',
  certifies: true,
  describe: () => 'shows a certificate that has expired',
  actions: (_fault, _id, instances) => certify(instances, { expired: true }),
  proof: () => ({ kind: 'certificate', is: 'expired' }),
};
