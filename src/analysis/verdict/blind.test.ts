import { expect, test } from 'vitest';
import { startTime } from '../../evidence/testing/build-evidence.ts';
import { accessLine } from '../../meshes/envoy/testing/access-line.ts';
import { analysed, violations } from '../testing/analysed.ts';
import { outage, planned } from '../testing/outage.ts';

/** What a client's sidecar writes of a connection that it has passed on as bytes, at its end. */
const connection = accessLine({
  start: startTime(100),
  totalUs: '-',
  durationMs: 11_000,
  status: 0,
  upstreamHost: '127.1.0.1:8080',
  cluster: 'outbound|8080||edge-app.default.svc.cluster.local',
});

test('a load of whose requests no sidecar knows fails for that, and is not taken for missing evidence', async () => {
  const analysis = await analysed(
    { ...outage(), requests: [], load: { requests: 2_400 }, tails: { 'frontend-1': connection.repeat(5) } },
    [planned({ kind: 'success-rate', during: 'run', atLeast: '99%' })],
  );
  expect(violations(analysis)).toEqual([]);
  expect(analysis.verdict).toBe('fail');
  const failed = analysis.checks.filter(({ status }) => status === 'fail');
  expect(failed).toMatchObject([
    {
      name: 'the sidecars know of the requests of frontend to edge-app',
      observed: 'none of 2,400 requests',
      reason: { text: expect.stringContaining('takes port 8080 of edge-app for one of bytes') },
    },
  ]);
});

test('without such connections requests that nobody has logged are missing evidence', async () => {
  const analysis = await analysed({ ...outage(), requests: [], load: { requests: 2_400 } });
  expect(analysis.verdict).toBe('invalid');
  expect(violations(analysis)).toContain('requests-agree');
});

test('a load that opens a connection for each request is told by those', async () => {
  const at = (ms: number, flags = '-') =>
    accessLine({
      start: startTime(ms),
      totalUs: '-',
      durationMs: 12,
      status: 0,
      flags,
      upstreamHost: flags === '-' ? '127.1.0.3:8080' : '-',
      cluster: 'outbound|8080||edge-app.default.svc.cluster.local',
    });
  const moments = Array.from({ length: 1_200 }, (_, index) => index * 10);
  const isFull = (ms: number) => ms >= 4_000 && ms < 5_000;
  const lines = moments.map((ms) => at(ms, isFull(ms) ? 'UO' : '-')).join('');
  const analysis = await analysed(
    {
      ...outage(),
      requests: [],
      load: { requests: 1_200, answers: { '2xx': 1_100, none: 100 }, carriesDue: false, ofBytes: true },
      tails: { 'frontend-1': lines },
    },
    [
      planned({ kind: 'error-rate', during: 'steady', atMost: '0%' }),
      planned({ kind: 'overflow', during: 'run', atLeast: 100 }),
    ],
  );
  // The statistics of the run have counted seven besides.
  expect(analysis.checks).toMatchObject([{ status: 'pass' }, { observed: '107' }]);
  expect(analysis.traffic).toMatchObject({ requests: 1_200, ok: 1_100, shed: 100 });
  expect(violations(analysis)).toEqual(['fault-effect']);
});
