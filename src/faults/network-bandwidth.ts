import { z } from 'zod';
import { bandwidth, formatBandwidth } from '../kit/units.ts';
import type { Instance } from '../model/topology.ts';
import type { FaultKind } from './contract.ts';
import { disturb, fromText, linksInto, networkFields, noCallers } from './network.ts';

const schema = z
  .strictObject({
    kind: z.literal('network-bandwidth'),
    ...networkFields,
    rate: bandwidth().describe('What one connection carries, in either direction: 100KB/s, 1MB/s.'),
  })
  .describe('The network to the targets is narrow. Needs --env local.');

/** The network to the targets is narrow. */
export const networkBandwidth: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `is behind ${formatBandwidth(fault.rate)}${fromText(fault)}`,
  links: linksInto,
  mistakes: noCallers,
  actions: (fault, id, instances, replicas) =>
    disturb(linksInto(fault, instances, replicas), id, { kind: 'bandwidth', bytesPerSecond: fault.rate }),
  proof: (fault, instances) => ({
    kind: 'slower-link',
    // The last part of an answer has left before its time is over; half of it is far more than any network of one host.
    ms: (500 * shortestAnswer(instances)) / fault.rate,
    share: 0.5,
  }),
};

/** Of apps that say how long their answers are; 0 where one does not. */
const shortestAnswer = (instances: readonly Instance[]) =>
  instances.length === 0 ? 0 : Math.min(...instances.map(({ app }) => app?.bytes ?? 0));
