import { test } from 'vitest';
import { startTime } from '../../evidence/testing/build-evidence.ts';
import { accessLine } from '../../meshes/envoy/testing/access-line.ts';
import { expectViolated } from '../testing/analysed.ts';
import { healed, outage } from '../testing/outage.ts';
import { serversAgree } from './servers-agree.ts';

test('answers no server knows', async () => {
  await expectViolated(
    serversAgree,
    outage({
      ejectAfterMs: 500,
      change: (request, index) =>
        index % 50 === 0 && request.status === 200
          ? { ...request, attempts: request.attempts.map((each) => ({ ...each, unseen: true })) }
          : request,
    }),
  );
});

test('calls of strangers', async () => {
  await expectViolated(serversAgree, {
    ...healed(),
    tails: {
      'edge-app-west-1': accessLine({
        start: startTime(5_000),
        totalUs: 900,
        durationMs: 1,
        status: 200,
        cluster: 'inbound|8080||',
        requestId: 'somebody-else',
        path: '/',
      }).repeat(10),
    },
  });
});
