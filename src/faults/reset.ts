import { z } from 'zod';
import { misbehave } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields, hitsNobody, shareOfRequests } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('reset'), ...faultFields, rate: shareOfRequests() })
  .describe('The app resets the connection instead of answering.');

/** The app resets the connection instead of answering. */
export const reset: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `resets the connection of ${Math.round(fault.rate * 100)} % of requests`,
  mistakes: hitsNobody,
  actions: (fault, id, instances) => misbehave(instances, id, { kind: 'reset', rate: fault.rate }),
  proof: (fault) => ({ kind: 'unanswered', share: fault.rate }),
};
