import { z } from 'zod';
import { killAndStart } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('zone-outage'),
    ...faultFields,
    on: z.strictObject({
      zone: z.string().describe('The locality that goes dark: region/zone, or a whole region.'),
    }),
  })
  .describe(
    'Every replica of a zone is killed at once, and started again at the end. The client is spared: it observes.',
  );

/** Every workload of a zone dies at once; all come back at the end. */
export const zoneOutage: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  describe: () => 'goes dark',
  actions: (_fault, _id, instances) => killAndStart(instances),
  proof: () => ({ kind: 'silent' }),
};
