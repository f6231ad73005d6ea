import { expect, test } from 'vitest';
import type { BuiltRequest } from '../evidence/testing/build-evidence.ts';
import { reportSchema } from '../report/model.ts';
import { analysed, violations } from './testing/analysed.ts';
import { healed, LOAD_MS, outage } from './testing/outage.ts';

test('a mesh that heals passes, with everything a report needs', async () => {
  const analysis = await analysed(healed());
  expect(violations(analysis)).toEqual([]);
  expect(analysis.verdict).toBe('pass');
  expect(analysis.traffic).toMatchObject({ requests: 2_400, ok: 2_300, error: 100, attempts: 2_400 });
  expect(analysis.faults[0]?.efficacy.status).toBe('proven');
  expect(analysis.errors).toMatchObject([
    { flag: 'app', status: 503, host: 'edge-app-east-1', zone: 'local/east', count: 50 },
    {
      flag: 'app',
      status: 503,
      host: 'edge-app-east-2',
      count: 50,
      byWindow: { steady: 0, fault: 50, recovery: 0 },
    },
  ]);
  const edge = analysis.topology.edges.find(({ to }) => to === 'edge-app-east-1');
  expect(edge?.byWindow['fault']).toEqual({ requests: 50, failed: 50 });
  expect(analysis.series.steps).toBe(LOAD_MS / 500);
  expect(analysis.series.outcomes['error']?.[8]).toBe(100);
  expect(analysis.series.ejected['edge-app-east-1']?.slice(8, 19)).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  expect(analysis.series.cpu['k6']?.[3]).toBeCloseTo(0.5);
  expect(analysis.summary).toMatchInlineSnapshot(
    `"The mesh held while local/east answers 503 to 100 % of requests: 95.833 % of 2,400 requests succeeded, and all 2 checks passed."`,
  );
  expect(analysis.notes).toMatchInlineSnapshot(`
    [
      "Between the client's sidecar and the server's, the mesh took 1.9 ms at p50 and 2.8 ms at p95 (2,300 requests that succeeded at the first attempt).",
    ]
  `);
  const { heldThoughLate, ...told } = analysis;
  expect(heldThoughLate).toBe(true);
  const parts = reportSchema.pick({
    verdict: true,
    summary: true,
    traffic: true,
    checks: true,
    validity: true,
    faults: true,
    windows: true,
    errors: true,
    topology: true,
    series: true,
    resources: true,
    gaps: true,
    notes: true,
    effective: true,
    measures: true,
    waterfalls: true,
  });
  expect(parts.safeParse(told).error?.issues).toBeUndefined();
});

test('what comparisons compare is one number each, of all requests after the warmup', async () => {
  const { measures = {}, checks } = await analysed(healed());
  expect(measures['attempts']).toBe(1);
  expect(measures['errors']).toBeGreaterThan(0.03);
  expect(measures['errors']).toBeLessThan(0.05);
  expect(measures['p50']).toBeLessThanOrEqual(measures['p95'] ?? 0);
  expect(measures['p95']).toBeLessThanOrEqual(measures['p99'] ?? 0);
  // 2,300 answers are too few for it.
  expect(measures).not.toHaveProperty(['p99.9']);
  expect(measures['failed-checks']).toBe(checks.filter(({ status }) => status === 'fail').length);
  const never = await analysed(outage());
  const waited = never.checks.find(({ kind }) => kind === 'time-to-eject');
  expect(waited?.value).toBeUndefined();
  const length = (waited?.window.toMs ?? 0) - (waited?.window.fromMs ?? 0);
  expect(Object.entries(never.measures ?? {}).filter(([name]) => name.startsWith('time-to-eject'))).toEqual(
    waited === undefined ? [] : [['time-to-eject', length]],
  );
});

test('a mesh that never ejects fails', async () => {
  const analysis = await analysed(outage());
  expect(violations(analysis)).toEqual([]);
  expect(analysis.verdict).toBe('fail');
  expect(analysis.summary).toMatchInlineSnapshot(
    `"The mesh did not hold while local/east answers 503 to 100 % of requests: "success rate at least 99 %" was expected, and it was 0 % (limit at least 99 %); 1 more check failed too. All failures have one cause: The app of edge-app itself answered 503."`,
  );
});

const shed = (request: BuiltRequest): BuiltRequest => ({
  ...request,
  status: 503,
  flags: 'UO',
  details: 'upstream_reset_before_response_started{overflow}',
  attempts: [],
});

test('shed requests are told from errors', async () => {
  const run = outage({
    ejectAfterMs: 500,
    change: (request, index) => (index % 10 === 3 ? shed(request) : request),
  });
  const analysis = await analysed(run);
  expect(analysis.traffic.shed).toBe(240);
  expect(analysis.errors[0]).toMatchObject({ flag: 'UO', status: 503, host: '-', zone: '-', count: 240 });
});

test('the server knows why, where the client only sees a status', async () => {
  const details = 'rbac_access_denied_matched_policy[none]';
  const run = outage({
    ejectAfterMs: 500,
    change: (request, index) =>
      index % 100 === 1
        ? { ...request, status: 403, attempts: [{ host: 'edge-app-west-1', status: 403, ms: 1, details }] }
        : request,
  });
  const { errors } = await analysed(run);
  expect(errors.find(({ status }) => status === 403)).toMatchObject({
    flag: 'RBAC',
    host: 'edge-app-west-1',
    cause: 'No policy allows this caller and request to edge-app.',
  });
});

test('no evidence at all is invalid, never a pass', async () => {
  const analysis = await analysed({ ...healed(), requests: [], statistics: [], processes: [] });
  expect(analysis.verdict).toBe('invalid');
  expect(violations(analysis)).toContain('traffic');
});

test('an answer that passes for that of a host, and is that of none, is of the sidecar', async () => {
  const analysis = await analysed(
    outage({
      shows: 'nothing',
      change: (request, index) => {
        if (index % 10 > 0) return { ...request, hostUnsaid: true };
        // As a cache has it that asks by itself, and nobody takes the connection.
        return { ...request, status: 503, attempts: [] };
      },
    }),
  );
  expect(analysis.errors).toMatchObject([
    {
      status: 503,
      flag: 'error',
      host: '-',
      count: 240,
      cause: expect.stringMatching(
        /^The sidecar ended the request to edge-app with 503: a filter that asks by itself/,
      ),
    },
  ]);
  // Whose the others were the servers say.
  const answers = analysis.topology.edges.filter(({ to }) => to.startsWith('edge-app-east'));
  expect(answers.reduce((sum, { byWindow }) => sum + (byWindow['run']?.requests ?? 0), 0)).toBeGreaterThan(
    1_900,
  );
});
