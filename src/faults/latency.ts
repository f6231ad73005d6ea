import { z } from 'zod';
import { duration } from '../kit/units.ts';
import { misbehave } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields, hitsNobody, shareOfRequests } from './fields.ts';

/** What the app takes. */
const mostDelay = '1h';

const schema = z
  .strictObject({
    kind: z.literal('latency'),
    ...faultFields,
    delay: duration(mostDelay).describe('What is added to every answer.'),
    jitter: duration(mostDelay).prefault('0ms').describe('Evenly spread on top: delay to delay + jitter.'),
    rate: shareOfRequests(),
  })
  .describe('The app answers late.');

/** The app answers late. */
export const latency: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `answers ${fault.delay} ms later`,
  mistakes: (fault) => [
    ...hitsNobody(fault),
    ...(fault.delay === 0 ? [{ path: ['delay'], message: 'a delay of 0 ms is no fault' }] : []),
  ],
  actions: (fault, id, instances) =>
    misbehave(instances, id, {
      kind: 'latency',
      delayMs: fault.delay,
      jitterMs: fault.jitter,
      rate: fault.rate,
    }),
  proof: (fault) => ({ kind: 'slower', ms: fault.delay, share: fault.rate }),
};
