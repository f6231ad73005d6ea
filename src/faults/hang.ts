import { z } from 'zod';
import { misbehave } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields, hitsNobody, shareOfRequests } from './fields.ts';

const schema = z
  .strictObject({ kind: z.literal('hang'), ...faultFields, rate: shareOfRequests() })
  .describe('The app takes requests and never answers them while the fault lasts.');

/** The app takes the request and never answers it while the fault lasts. */
export const hang: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `never answers ${Math.round(fault.rate * 100)} % of requests`,
  mistakes: hitsNobody,
  actions: (fault, id, instances) => misbehave(instances, id, { kind: 'hang', rate: fault.rate }),
  proof: (fault) => ({ kind: 'unanswered', share: fault.rate }),
};
