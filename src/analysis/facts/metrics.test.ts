import { expect, test } from 'vitest';
import { checkKind, checkSchema } from '../../checks/index.ts';
import type { MetricsAnswers } from '../../model/metrics.ts';
import { analysed } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';

const checks = (['requests', 'errors', 'latency'] as const).map((of) => {
  const check = checkSchema.parse({ kind: 'metrics-agree', of });
  return { name: of, check, fault: undefined };
});

/** Of 2,400 requests of `healed()` one hundred fail; all take 2 to 4 ms. */
const run = healed();
const failed = run.requests.filter(({ status }) => status >= 500).length;
const upTo = (ms: number) => run.requests.filter((request) => request.ms <= ms).length;

/** What is scraped of the client's sidecar. */
const scraped = ({ ok = 0, bad = 0, buckets = [] as readonly (readonly [string, number])[] }) => {
  const labels = 'cluster_name="outbound|8080||edge-app.default.svc.cluster.local"';
  return [
    `envoy_cluster_upstream_rq{response_code_class="2xx",${labels}} ${ok}`,
    `envoy_cluster_upstream_rq{response_code_class="5xx",${labels}} ${bad}`,
    `envoy_cluster_upstream_rq_pending_overflow{${labels}} 0`,
    ...buckets.map(([le, count]) => `envoy_cluster_upstream_rq_time_bucket{${labels},le="${le}"} ${count}`),
  ].join('\n');
};
const sound = {
  ok: run.requests.length - failed + 7,
  bad: failed,
  buckets: [
    ['1', 0],
    ['2.5', upTo(2.5)],
    ['10', run.requests.length],
    ['+Inf', run.requests.length],
  ] as const,
};

const judged = async (after: string) => {
  const metrics: MetricsAnswers = { 'frontend-1': { before: scraped({ ok: 7 }), after } };
  const { checks: all } = await analysed({ ...run, metrics }, checks);
  return all
    .filter(({ kind }) => kind === 'metrics-agree')
    .map(({ status, name, observed }) => `${status}: ${name}: ${observed}`);
};

test('metrics that say what clients saw agree, whatever they had counted before', async () => {
  expect(await judged(scraped(sound))).toEqual([
    'pass: requests: 0 % apart',
    'pass: errors: 0 % apart',
    'pass: latency: 0 % apart',
  ]);
});

test('metrics that are switched off, or count something else, do not', async () => {
  expect(await judged('')).toEqual([
    'fail: requests: 100 % apart',
    'fail: errors: 100 % apart',
    'fail: latency: 100 % apart',
  ]);
  const hidden = { ...sound, ok: run.requests.length + 7, bad: 0 };
  expect(await judged(scraped(hidden))).toEqual([
    'pass: requests: 0 % apart',
    'fail: errors: 100 % apart',
    'pass: latency: 0 % apart',
  ]);
  const late = {
    ...sound,
    buckets: [
      ['10', 0],
      ['+Inf', run.requests.length],
    ] as const,
  };
  expect((await judged(scraped(late)))[2]).toBe('fail: latency: 100 % apart');
});

test('what sidecars count of others than the loads is no difference', async () => {
  const metrics: MetricsAnswers = {
    'frontend-1': { before: scraped({ ok: 7 }), after: scraped(sound) },
    'edge-app-east-1': { before: '', after: scraped({ ok: 5_000 }) },
  };
  const { checks: all } = await analysed({ ...run, metrics }, checks);
  expect(all.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass']);
});

test('of metrics that nobody has read nothing is said', async () => {
  const { checks: all } = await analysed(run, checks);
  expect(all.map(({ status }) => status)).toEqual(['invalid', 'invalid', 'invalid']);
  expect(checkKind({ kind: 'metrics-agree' }).restsOn).toBe('requests');
});
