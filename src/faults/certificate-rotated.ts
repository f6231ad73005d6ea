import { z } from 'zod';
import { certify } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('certificate-rotated'), ...faultFields })
  .describe(
    'The sidecar gets a new key and certificate of the same authority, and another at the end. It hits clients too. Needs --env local.',
  );

/** A certificate is renewed, which nobody is to notice. */
export const certificateRotated: FaultKind<typeof schema> = {
  schema,
  hits: 'everyone',
  certifies: true,
  describe: () => 'gets a new key and certificate',
  actions: (_fault, _id, instances) => certify(instances),
  proof: () => ({ kind: 'certificate', is: 'renewed' }),
};
