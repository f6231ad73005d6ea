import { expect, test } from 'vitest';
import { healed, outage } from '../analysis/testing/outage.ts';
import { checkSchema } from './index.ts';
import { judge } from './testing/judge.ts';

test('rates and counts', async () => {
  expect(
    await judge(
      healed(),
      { kind: 'success-rate', during: 'steady', atLeast: '99.9%' },
      { kind: 'success-rate', during: 'fault', atLeast: '99%' },
      { kind: 'success-rate', during: 'fault', atLeast: '99%', after: '1s' },
      { kind: 'error-rate', during: 'fault', atMost: '13%', atLeast: '12%' },
      { kind: 'error-count', during: 'recovery', atMost: 0 },
      { kind: 'error-count', during: 'run', atMost: 99 },
      { kind: 'goodput', during: 'steady', atLeast: '199/s' },
      { kind: 'success-rate', during: 'fault', atLeast: '1%', after: '3900ms' },
    ),
  ).toMatchInlineSnapshot(`
    [
      "pass: success rate at least 99.9 %: 100 %",
      "fail: success rate at least 99 %: 87.516 %",
      "pass: success rate at least 99 %: 100 %",
      "pass: error rate (shed requests left out) at least 12 % and at most 13 %: 12.484 %",
      "pass: no errors (shed requests left out): 0",
      "fail: at most 99 errors: 100",
      "pass: goodput at least 199/s: 200.1/s",
      "invalid: success rate at least 1 %: 100 %",
    ]
  `);
});

test('the worst stretch of a window counts', async () => {
  const check = { kind: 'success-rate', over: '1s', atLeast: '50%' };
  expect(
    await judge(
      healed(),
      { ...check, during: 'steady' },
      { ...check, during: 'fault', name: 'all at once' },
      { ...check, during: 'fault', after: '1s' },
      { kind: 'success-rate', during: 'fault', atLeast: '50%' },
      { kind: 'error-rate', during: 'fault', over: '1s', atMost: '45%' },
      { kind: 'error-rate', during: 'fault', over: '1s', atLeast: '1%' },
      { ...check, during: 'fault', over: '100ms' },
    ),
  ).toMatchInlineSnapshot(`
    [
      "pass: success rate in any 1 s at least 50 %: 100 %",
      "pass: success rate in any 1 s at least 50 %: 50.249 %",
      "pass: success rate in any 1 s at least 50 %: 100 %",
      "pass: success rate at least 50 %: 87.516 %",
      "fail: error rate (shed requests left out) in any 1 s at most 45 %: 49.751 %",
      "fail: error rate (shed requests left out) in any 1 s at least 1 %: 0 %",
      "invalid: success rate in any 100 ms at least 50 %: 4.762 %",
    ]
  `);
});

test('latency', async () => {
  expect(
    await judge(
      healed(),
      { kind: 'latency', during: 'steady', percentile: 50, atMost: '3ms' },
      { kind: 'latency', during: 'steady', percentile: 99, of: 'all', atMost: '4ms' },
      { kind: 'latency', during: 'run', percentile: 99.9, atMost: '1s' },
      { kind: 'latency', during: 'run', percentile: 50, of: 'shed', atMost: '1s' },
    ),
  ).toMatchInlineSnapshot(`
    [
      "pass: p50 latency of successful requests at most 3 ms: 2.99 ms",
      "pass: p99 latency of all requests at most 4 ms: 3.99 ms",
      "invalid: p99.9 latency of successful requests at most 1 s: 3.99 ms",
      "invalid: p50 latency of shed requests at most 1 s: no shed requests",
    ]
  `);
});

test('where traffic went, and what the sidecar counted', async () => {
  expect(
    await judge(
      healed(),
      { kind: 'share', during: 'steady', of: { zone: 'local/east' }, atLeast: '99%' },
      { kind: 'share', during: 'steady', of: { workload: 'edge-app-east', replica: 1 }, atMost: '50%' },
      { kind: 'share', during: 'fault', of: { zone: 'local/west' }, atLeast: '99%' },
      { kind: 'overflow', during: 'steady', atMost: 0 },
      { kind: 'overflow', during: 'fault', atLeast: 7 },
      { kind: 'ejections', during: 'fault', atLeast: 1 },
      { kind: 'ejections', during: 'run', of: { zone: 'local/west' }, atMost: 0 },
    ),
  ).toMatchInlineSnapshot(`
    [
      "pass: share of requests answered by local/east at least 99 %: 100 %",
      "fail: share of requests answered by edge-app-east-1 at most 50 %: 50.083 %",
      "fail: share of requests answered by local/west at least 99 %: 87.391 %",
      "pass: requests refused by a full pool: at most 0: 0",
      "pass: requests refused by a full pool: at least 7: 7",
      "pass: ejections: at least 1: 2",
      "pass: ejections of local/west: at most 0: 0",
    ]
  `);
});

test('how many requests a connection carried', async () => {
  expect(
    await judge(
      healed(),
      { kind: 'connections', during: 'steady', atLeast: 0.09, atMost: 0.11 },
      { kind: 'connections', during: 'run', atLeast: 0.5 },
      { kind: 'connections', during: 'run', atMost: 0.05 },
      { kind: 'connections', during: 'fault', after: '3990ms', atMost: 1 },
    ),
  ).toMatchInlineSnapshot(`
    [
      "pass: connections opened per request at least 0.09 and at most 0.11: 0.1",
      "fail: connections opened per request at least 0.5: 0.1",
      "fail: connections opened per request at most 0.05: 0.1",
      "invalid: connections opened per request at most 1: no requests",
    ]
  `);
});

const timed = [
  { kind: 'time-to-eject', atMost: '1s' },
  { kind: 'time-to-eject', which: 'any', of: { zone: 'local/west' }, atMost: '1s' },
  { kind: 'time-to-fail-over', atMost: '1s' },
  { kind: 'time-to-return', atMost: '2s' },
  { kind: 'time-to-recover', atMost: '2s' },
  { kind: 'time-to-recover', answeredIn: '1ms', atMost: '2s' },
];

test('times of a mesh that heals', async () => {
  expect(await judge(healed(), ...timed)).toMatchInlineSnapshot(`
    [
      "pass: the faulty instances ejected within 1 s: 600 ms",
      "fail: one of local/west ejected within 1 s: never",
      "pass: failed over within 1 s: 490 ms",
      "pass: traffic back within 2 s of the end of the fault: 500 ms",
      "pass: recovered within 2 s of the end of the fault: 0 ms",
      "fail: recovered within 2 s of the end of the fault, with answers in 1 ms: never",
    ]
  `);
});

test('a mesh that never ejects fails, and is not invalid', async () => {
  expect(await judge(outage(), ...timed)).toMatchInlineSnapshot(`
    [
      "fail: the faulty instances ejected within 1 s: never",
      "fail: one of local/west ejected within 1 s: never",
      "fail: failed over within 1 s: never",
      "pass: traffic back within 2 s of the end of the fault: 0 ms",
      "pass: recovered within 2 s of the end of the fault: 0 ms",
      "fail: recovered within 2 s of the end of the fault, with answers in 1 ms: never",
    ]
  `);
});

test('when hardly anything succeeds, the latency of successful requests fails', async () => {
  const [latency, share] = await judge(
    outage(),
    { kind: 'latency', during: 'fault', percentile: 95, atMost: '1s' },
    { kind: 'share', during: 'fault', of: { zone: 'local/west' }, atLeast: '90%' },
  );
  expect(latency).toMatch(/^fail: .*only 1 of 801 requests succeeded/);
  expect(share).toMatch(/^fail/);
});

test('a check without a limit is refused', () => {
  const message = (check: unknown) => checkSchema.safeParse(check).error?.issues[0]?.message;
  expect(message({ kind: 'overflow', during: 'run' })).toContain('needs a limit');
  expect(message({ kind: 'share', during: 'run', of: { zone: 'a/b' } })).toContain('needs a limit');
  expect(message({ kind: 'share', during: 'run', of: { replica: 1 }, atMost: '1%' })).toContain(
    'service, workload or zone',
  );
  expect(message({ kind: 'latency', during: 'run', percentile: 0, atMost: '1s' })).toBeDefined();
});

test('goodput counts answers when they were given: a queue gets no more done than its service', async () => {
  // Half of what is due while the fault is on waits until after it.
  const queue = outage({
    ejectAfterMs: 0,
    change: (request, index) =>
      request.dueMs >= 4_000 && request.dueMs < 8_000 && index % 2 === 0
        ? { ...request, ms: 8_500 - request.dueMs }
        : request,
  });
  expect(
    await judge(
      queue,
      { kind: 'goodput', during: 'fault', atLeast: '110/s' },
      { kind: 'goodput', during: 'fault', atLeast: '90/s' },
      { kind: 'goodput', during: 'recovery', atLeast: '250/s' },
      { kind: 'goodput', during: 'fault', atLeast: '95/s', atMost: '105/s' },
      { kind: 'goodput', during: 'fault', atMost: '95/s' },
    ),
  ).toMatchInlineSnapshot(`
    [
      "fail: goodput at least 110/s: 100/s",
      "pass: goodput at least 90/s: 100/s",
      "pass: goodput at least 250/s: 300.2/s",
      "pass: goodput at least 95/s and at most 105/s: 100/s",
      "fail: goodput at most 95/s: 100/s",
    ]
  `);
});

test('a split by weight is held against the interval of who answered', async () => {
  const east = { zone: 'local/east' };
  expect(
    await judge(
      healed(),
      { kind: 'proportion', during: 'steady', of: east, expected: '100%' },
      { kind: 'proportion', during: 'steady', of: east, expected: '50%' },
    ),
  ).toEqual([
    expect.stringMatching(/^pass: 100 % of requests answered by local\/east: 100 %/),
    expect.stringMatching(/^fail: 50 % of requests answered by local\/east: 100 %/),
  ]);
  const parse = (of: object) =>
    checkSchema.safeParse({ kind: 'proportion', during: 'run', of, expected: '1%' }).success;
  expect([parse(east), parse({ status: 503 }), parse({}), parse({ ...east, status: 503 })]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('who refused is told by the lines of both sidecars', async () => {
  const refused = outage({
    change: (request, index) => {
      const host = request.attempts[0]?.host ?? '';
      const by = ['server', 'app', 'client', 'nobody'][index % 4];
      if (by === 'nobody') return { ...request, status: 200, attempts: [{ host, status: 200, ms: 1 }] };
      if (by === 'client')
        return { ...request, status: 429, flags: 'RL', details: 'local_rate_limited', attempts: [] };
      const bySidecar = { flags: 'RL', details: 'local_rate_limited' };
      return {
        ...request,
        status: 429,
        attempts: [{ host, status: 429, ms: 1, ...(by === 'server' ? bySidecar : {}) }],
      };
    },
  });
  const share = (refusedBy: string) => ({
    kind: 'proportion',
    during: 'run',
    of: { refusedBy },
    expected: '25%',
  });
  expect(
    await judge(refused, share('server'), share('client'), share('app'), {
      kind: 'proportion',
      during: 'run',
      of: { status: 429 },
      expected: '75%',
    }),
  ).toEqual([
    expect.stringMatching(/^pass: 25 % of requests refused by the server's sidecar: 25 %/),
    expect.stringMatching(/^pass: 25 % of requests refused by the client's sidecar: 25 %/),
    expect.stringMatching(/^pass: 25 % of requests refused by the app: 25 %/),
    expect.stringMatching(/^pass: 75 % of requests answered 429: /),
  ]);
});

test('what a cache answers reaches no app, and is as old as the last answer of one', async () => {
  // Each twentieth asks, and the others have its answer; the client's sidecar does not say whom it asked.
  const cached = outage({
    shows: 'nothing',
    change: (request, index) =>
      index % 20 === 0
        ? { ...request, flags: 'RFCF', details: 'cache.insert_via_upstream', hostUnsaid: true }
        : { ...request, flags: 'RFCF', details: 'cache.response_from_cache_filter', ms: 0, attempts: [] },
  });
  expect(
    await judge(
      cached,
      { kind: 'cache-hits', during: 'steady', atLeast: '94%' },
      { kind: 'cache-hits', during: 'steady', atMost: '93%' },
      { kind: 'origin-requests', during: 'steady', atLeast: 0.04, atMost: 0.06 },
      { kind: 'origin-requests', during: 'steady', atMost: 0.04 },
      { kind: 'origin-requests', during: 'steady', service: 'frontend', atMost: 0 },
      { kind: 'answer-age', during: 'steady', atMost: '100ms' },
      { kind: 'answer-age', during: 'steady', atMost: '80ms' },
      { kind: 'share', during: 'steady', of: { zone: 'local/east' }, atLeast: '100%' },
    ),
  ).toEqual([
    'pass: answered from a cache at least 94 %: 94.992 %',
    'fail: answered from a cache at most 93 %: 94.992 %',
    'pass: requests that reach the app for each of the load at least 0.040 and at most 0.060: 0.050',
    'fail: requests that reach the app for each of the load at most 0.040: 0.050',
    'pass: requests that reach frontend for each of the load at most 0.000: 0.000',
    expect.stringMatching(/^pass: answers from a cache are at most 100 ms old: 9\d(\.\d+)? ms$/),
    expect.stringMatching(/^fail: answers from a cache are at most 80 ms old: 9/),
    'pass: share of requests answered by local/east at least 100 %: 100 %',
  ]);
  expect(
    await judge(healed(), { kind: 'answer-age', during: 'steady', atMost: '1s' }),
    'nothing came from a cache',
  ).toEqual([expect.stringMatching(/^invalid: /)]);
});
