import { z } from 'zod';
import { killAndStartSidecars } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('sidecar-killed'), ...faultFields })
  .describe(
    'SIGKILL to the sidecar alone, as from the kernel when its memory is at an end; its app goes on, and nobody reaches it. Started again at the end. Not in a cluster, where the kubelet starts it again at once.',
  );

/** SIGKILL to the sidecar alone, as from the kernel when its memory is at an end; its app goes on. */
export const sidecarKilled: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  describe: () => 'loses its sidecar, and gets it again',
  actions: (_fault, _id, instances) => killAndStartSidecars(instances),
  proof: () => ({ kind: 'silent', part: 'sidecar' }),
};
