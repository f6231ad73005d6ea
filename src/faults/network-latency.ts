import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { FaultKind } from './contract.ts';
import { disturb, fromText, linksInto, networkFields, noCallers } from './network.ts';

const mostDelay = '10m';

const schema = z
  .strictObject({
    kind: z.literal('network-latency'),
    ...networkFields,
    delay: duration(mostDelay).describe('What is added to everything that callers send, handshakes too.'),
    jitter: duration(mostDelay).prefault('0ms').describe('Evenly spread on top: delay to delay + jitter.'),
  })
  .describe('The network takes longer to the targets. Needs --env local.');

/** The network takes longer to the targets. */
export const networkLatency: FaultKind<typeof schema> = {
  schema,
  describe: (fault) =>
    `is ${formatMs(fault.delay)}${fault.jitter === 0 ? '' : ` to ${formatMs(fault.delay + fault.jitter)}`} further away${fromText(fault)}`,
  links: linksInto,
  mistakes: (fault, instances, replicas) => [
    ...noCallers(fault, instances, replicas),
    ...(fault.delay === 0 ? [{ path: ['delay'], message: 'a delay of 0 ms is no fault' }] : []),
  ],
  actions: (fault, id, instances, replicas) =>
    disturb(linksInto(fault, instances, replicas), id, {
      kind: 'latency',
      delayMs: fault.delay,
      jitterMs: fault.jitter,
    }),
  // What was on its way when it began has been through already.
  proof: (fault) => ({ kind: 'slower-link', ms: fault.delay, share: 0.9 }),
};
