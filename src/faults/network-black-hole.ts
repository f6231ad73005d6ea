import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { disturb, fromText, linksInto, networkFields, noCallers } from './network.ts';

const schema = z
  .strictObject({ kind: z.literal('network-black-hole'), ...networkFields })
  .describe(
    'What is sent to the targets and back is lost, and nobody is told: connections stay open, and nothing comes. Needs --env local or docker.',
  );

/** What is sent to the targets and back is lost, and nobody is told. */
export const networkBlackHole: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `is in a black hole${fromText(fault)}`,
  links: linksInto,
  mistakes: noCallers,
  actions: (fault, id, instances, replicas) =>
    disturb(linksInto(fault, instances, replicas), id, { kind: 'loss', of: 'both' }),
  proof: () => ({ kind: 'cut-link' }),
};
