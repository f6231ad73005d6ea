import { z } from 'zod';
import { grpcOfHttp, httpStatuses } from '../../apps/edge-app/src/grpc-status.ts';
import { misbehave } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields, hitsNobody, shareOfRequests } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('error'),
    ...faultFields,
    status: z.int().min(400).max(599).default(503).describe('The status it answers.'),
    rate: shareOfRequests(),
  })
  .describe('The app answers with an error status.');

/** The app answers with an error status. */
export const error: FaultKind<typeof schema> = {
  schema,
  describe: (fault) => `answers ${fault.status} to ${Math.round(fault.rate * 100)} % of requests`,
  mistakes: (fault, instances) => [
    ...hitsNobody(fault),
    ...(instances.some(({ app }) => app?.protocol === 'grpc') && grpcOfHttp(fault.status) === undefined
      ? [
          {
            path: ['status'],
            message: `gRPC has no status that says what ${fault.status} does`,
            hint: `of 400 and above: ${[...new Set(httpStatuses.filter((each) => each >= 400))].sort().join(', ')}`,
          },
        ]
      : []),
  ],
  actions: (fault, id, instances) =>
    misbehave(instances, id, { kind: 'error', status: fault.status, rate: fault.rate }),
  proof: (fault) => ({ kind: 'status', statuses: [fault.status], share: fault.rate }),
};
