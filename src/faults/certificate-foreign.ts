import { z } from 'zod';
import { certify } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('certificate-foreign'), ...faultFields })
  .describe(
    'The sidecar shows a certificate with its own identity, of an authority that nobody trusts, and a good one at the end. It hits clients too. Needs --env local.',
  );

/** A certificate that anybody could have made himself. */
export const certificateForeign: FaultKind<typeof schema> = {
  schema,
  hits: 'everyone',
  certifies: true,
  describe: () => 'shows a certificate of an authority that nobody trusts',
  actions: (_fault, _id, instances) => certify(instances, { by: 'stranger' }),
  proof: () => ({ kind: 'certificate', is: 'foreign' }),
};
