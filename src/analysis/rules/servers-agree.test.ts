import { expect, test } from 'vitest';
import { startTime } from '../../evidence/testing/build-evidence.ts';
import { accessLine } from '../../meshes/envoy/testing/access-line.ts';
import { analysed, expectViolated, violations } from '../testing/analysed.ts';
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

test('connections that no request came of are nobody calling, and said with their reason', async () => {
  const connection = (status: number, flags: string, details: string) =>
    accessLine({ start: startTime(5_000), durationMs: 0, status, flags, details, attempts: 0 });
  const analysis = await analysed({
    ...healed(),
    tails: {
      'edge-app-west-1': connection(0, 'NR', 'filter_chain_not_found').repeat(12),
      'edge-app-east-1': connection(400, 'DPE', 'http1.codec_error').repeat(9),
    },
  });
  expect(violations(analysis)).toEqual([]);
  expect(analysis.notes).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^12 connections to edge-app-west-1 ended before a request .* plaintext\.$/),
      expect.stringMatching(/^9 connections to edge-app-east-1 ended before a request .* not HTTP/),
    ]),
  );
});
