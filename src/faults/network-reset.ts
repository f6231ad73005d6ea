import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { disturb, fromText, linksInto, networkFields, noCallers } from './network.ts';

const schema = z
  .strictObject({ kind: z.literal('network-reset'), ...networkFields })
  .describe(
    'Something between callers and the targets resets connections as soon as anything is sent on them. Needs --env local or docker.',
  );

/** Something between callers and the targets resets connections. */
export const networkReset: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `has its connections reset on the way${fromText(fault)}`,
  links: linksInto,
  mistakes: noCallers,
  actions: (fault, id, instances, replicas) =>
    disturb(linksInto(fault, instances, replicas), id, { kind: 'reset' }),
  proof: () => ({ kind: 'cut-link' }),
};
