import { z } from 'zod';
import { killAndStart } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('kill'), ...faultFields })
  .describe('SIGKILL to the app and its sidecar, as when a pod dies; both are started again at the end.');

/** SIGKILL to the app and its sidecar, as when a pod dies; started again at the end. */
export const kill: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  describe: () => 'is killed with its sidecar, and started again',
  actions: (_fault, _id, instances) => killAndStart(instances),
  proof: () => ({ kind: 'silent' }),
};
