import { z } from 'zod';
import { callSlowly } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('slow-clients'),
    ...faultFields,
    connections: z
      .int()
      .min(1)
      .max(500)
      .default(100)
      .describe('How many there are for each replica of the gateway.'),
  })
  .describe(
    'Clients outside the mesh open connections to an ingress gateway and send requests so slowly that none is ever whole. Who is cut off comes back.',
  );

/** Clients that send requests so slowly that none is ever whole. */
export const slowClients: FaultKind<typeof schema> = {
  schema,
  hits: 'ingress',
  describe: ({ connections }) => `is called by ${connections} clients that send requests without an end`,
  actions: ({ connections }, id, instances) => callSlowly(instances, id, connections),
  proof: ({ connections }) => ({ kind: 'unfinished', requests: connections }),
};
