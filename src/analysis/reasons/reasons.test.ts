import { expect, test } from 'vitest';
import { type BuiltRequest, type BuiltRun, buildEvidence } from '../../evidence/testing/build-evidence.ts';
import { recording } from '../../meshes/istio/effective/testing/recordings.ts';
import { istio } from '../../meshes/istio/index.ts';
import type { StatisticsSample } from '../../model/evidence.ts';
import type { PlannedCheck } from '../../plan/contract.ts';
import { formatSetting, settingsBehind } from '../../report/words.ts';
import { type Analysis, analyse } from '../analyse.ts';
import { type Outage, outage, outagePlan, planned } from '../testing/outage.ts';

/** What the analysis makes of a run of `outagePlan()` on sidecars that held what was recorded. */
async function analysed(
  name: string,
  { checks = [], ...how }: Outage & { readonly checks?: readonly PlannedCheck[] },
  change: (run: BuiltRun) => BuiltRun = (run) => run,
): Promise<Analysis> {
  const { topology, answers, resources } = recording(name);
  const run = outage(how);
  const instances = run.instances.map((each) => {
    const { locality = each.locality } = topology.instances.find((one) => one.name === each.name) ?? {};
    return { ...each, locality };
  });
  await using built = await buildEvidence(change({ ...run, instances, effective: answers }));
  const { trial } = outagePlan(checks);
  return await analyse({ trial, topology, directory: built.directory, mesh: istio, resources });
}

const ofV1 = 'outbound|8080|v1|edge-app.default.svc.cluster.local';

/** Every tenth request ends so. */
const ending = (how: Partial<BuiltRequest>): Outage => ({
  shows: 'nothing',
  change: (request, index) =>
    index % 10 === 3 ? { ...request, status: 503, details: '-', attempts: [], ...how } : request,
});

/** What failed at a host was tried again at another one, and nobody noticed. */
const hidden = (request: BuiltRequest): BuiltRequest =>
  request.status === 503
    ? {
        ...request,
        status: 200,
        attempts: [...request.attempts, { host: 'edge-app-west-1', status: 200, ms: 1 }],
      }
    : request;

const full = { flags: 'UO', details: 'upstream_reset_before_response_started{overflow}' };
const closed = { flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' };
const late = { flags: 'UT', details: 'response_timeout', status: 504 };
const atServer = (server: object) => ({
  details: 'via_upstream',
  attempts: [{ host: 'edge-app-east-1', status: 503, ms: 1, ...server }],
});

const policy = 'DestinationRule/edge-app-dr spec.trafficPolicy';
const subset = 'DestinationRule/edge-app-dr spec.subsets[0].trafficPolicy.connectionPool';

/** Each setting behind something, with its own line. */
const settings = (behind: Parameters<typeof settingsBehind>[0] = {}) =>
  settingsBehind(behind).map(formatSetting);

test.each<[string, Partial<BuiltRequest>, { cause: RegExp; behind: readonly string[] }]>([
  [
    'pool-of-the-subset-wins',
    { ...full, cluster: ofV1 },
    {
      cause: /^The connection pool to edge-app was full, so the client's sidecar refused/,
      behind: [
        `${subset}.http.http1MaxPendingRequests: 50 (mesh.yaml:21)`,
        `${subset}.tcp.maxConnections: 100 (mesh.yaml:19)`,
      ],
    },
  ],
  [
    'pool-of-another-port',
    full,
    {
      cause: /^The connection pool to edge-app was full/,
      behind: [
        `${policy}.connectionPool.http.http1MaxPendingRequests: 50 (mesh.yaml:12)`,
        `${policy}.connectionPool.tcp.maxConnections: 100 (mesh.yaml:10)`,
      ],
    },
  ],
  [
    'pool-at-the-server-too',
    atServer(full),
    {
      cause: /^The sidecar of edge-app itself was full/,
      behind: [
        `${policy}.connectionPool.http.http1MaxPendingRequests: 10 (mesh.yaml:10)`,
        `${policy}.connectionPool.tcp.maxConnections: 20 (mesh.yaml:9)`,
      ],
    },
  ],
  [
    'timeout-of-another-route',
    late,
    {
      cause: /did not answer within the route's timeout\.$/,
      behind: ['VirtualService/edge-app spec.http[1].timeout: 300ms (mesh.yaml:14)'],
    },
  ],
  [
    'try-longer-than-timeout',
    late,
    {
      cause: /It covers all attempts, so the 2 s of one attempt never run out/,
      behind: ['VirtualService/edge-app spec.http[0].timeout: 500ms (mesh.yaml:22)'],
    },
  ],
  [
    'plaintext-to-strict',
    closed,
    {
      cause: /^The caller's sidecar speaks plaintext, and edge-app takes mTLS only\.$/,
      behind: [
        `${policy}.tls.mode: DISABLE (mesh.yaml:15)`,
        'what the server takes: mTLS only (the scenario)',
      ],
    },
  ],
  [
    'distribute-own-zone-only',
    { flags: 'UH', details: 'no_healthy_upstream' },
    {
      cause: /Those in region1\/zone-west are not there to take over: distribute does not name them\.$/,
      behind: [
        `${policy}.loadBalancer.localityLbSetting.distribute: set (mesh.yaml:11)`,
        `${policy}.outlierDetection.maxEjectionPercent: 100 (mesh.yaml:19)`,
        'minHealthPercent: 0 % (default of Istio)',
      ],
    },
  ],
  [
    'policies',
    {
      ...atServer({
        status: 403,
        details: 'rbac_access_denied_matched_policy[ns[default]-policy[no-delete]-rule[0]]',
      }),
      status: 403,
    },
    {
      cause: /^AuthorizationPolicy no-delete forbids this request to edge-app\.$/,
      behind: ['AuthorizationPolicy/no-delete spec.rules[0]: DENY (mesh.yaml:16)'],
    },
  ],
  [
    'requests-limit-below-connections',
    { ...atServer({}), flags: 'UO' },
    {
      cause: /^The host of edge-app answered 503, and .* too many retries .* were on their way/,
      behind: [`${policy}.connectionPool.http.maxRetries: 3 (mesh.yaml:9)`],
    },
  ],
  [
    'max-connections-alone-queues',
    full,
    {
      cause:
        /^What may be on the way to edge-app at once was, so the client's sidecar refused the request\.$/,
      behind: [
        'not known which setting: the sidecar of frontend-1 has no limit for edge-app:8080 that could be hit',
      ],
    },
  ],
  [
    'two-rules-one-host',
    { flags: '-', details: 'a_filter_of_ones_own' },
    {
      cause: /^The sidecar ended the request to edge-app with 503: a_filter_of_ones_own\.$/,
      behind: ['not known which setting: what the sidecar says of it has no word here'],
    },
  ],
])('%s: errors are put down to what the sidecar held', async (name, how, { cause, behind }) => {
  const { errors } = await analysed(name, ending(how));
  expect(errors).toHaveLength(1);
  expect(errors[0]?.cause).toMatch(cause);
  expect(errors[0]?.count).toBe(240);
  expect(settings(errors[0])).toEqual(behind);
});

test('that every attempt failed is said beside the reason', async () => {
  const refused = { details: 'upstream_reset_before_response_started{remote_connection_failure}' };
  const { errors } = await analysed('no-retries', ending({ ...refused, flags: 'UF,URX' }));
  expect(errors[0]?.cause).toMatch(/could not connect to the host of edge-app.* Retries were used up\.$/);
});

const check = (written: object) => planned(written, 'outage');
const east = { workload: 'edge-app-east' };

test.each<[string, object, Outage, { text: RegExp; behind?: readonly (string | RegExp)[] }]>([
  [
    'max-connections-alone-queues',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    {},
    {
      text: /^Nothing in the sidecar of frontend-1 refuses requests to edge-app: .* a queue that has no limit/,
      behind: [
        'http1MaxPendingRequests: no limit (default of Istio)',
        `${policy}.connectionPool.tcp.maxConnections: 100 (mesh.yaml:10)`,
      ],
    },
  ],
  [
    'pool-of-the-host-holds',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    {},
    {
      text: /^The limits in effect for edge-app refused only 7 requests: at most 0 waiting requests were seen at once, and 50 may be\.$/,
      behind: [
        `${policy}.connectionPool.http.http1MaxPendingRequests: 50 (mesh.yaml:9)`,
        `${policy}.connectionPool.tcp.maxConnections: 100 (mesh.yaml:8)`,
      ],
    },
  ],
  [
    'pool-of-the-host-holds',
    { kind: 'overflow', during: 'run', atMost: 2 },
    {},
    {
      text: /^The connection pool to edge-app was full/,
      behind: [/Requests: 50 \(mesh\.yaml:9\)$/, /maxConnections: 100 \(mesh\.yaml:8\)$/],
    },
  ],
  [
    'ejection-cap-default',
    { kind: 'time-to-eject', atMost: '1s' },
    {},
    {
      text: /^10 % of 4 hosts of edge-app are less than one, so none is ever ejected\./,
      behind: ['maxEjectionPercent: 10 % (default of Envoy)'],
    },
  ],
  [
    'two-rules-one-host',
    { kind: 'ejections', during: 'fault', atLeast: 1 },
    {},
    {
      text: /^No outlier detection for edge-app is in effect in the sidecar of frontend-1/,
      behind: [
        'outlierDetection: not set (default of Istio)',
        /^DestinationRule\/b-outliers spec\.trafficPolicy\.outlierDetection is not in effect: Istio takes.* \(mesh\.yaml:19\)$/,
      ],
    },
  ],
  [
    'distribute-own-zone-only',
    { kind: 'time-to-fail-over', atMost: '1s' },
    {},
    {
      text: /^distribute takes the hosts in region1\/zone-west out of the sidecar of frontend-1/,
      behind: [/distribute: set \(mesh\.yaml:11\)$/],
    },
  ],
  [
    'failover-without-outlier-detection',
    { kind: 'share', during: 'fault', of: { workload: 'edge-app-west' }, atLeast: '99%' },
    {},
    {
      text: /so no host is ever ejected\.$/,
      behind: [
        /^outlierDetection: not set/,
        /\.failoverPriority is not in effect: without outlierDetection Istio does not fail over/,
      ],
    },
  ],
  [
    'locality-off',
    { kind: 'share', during: 'steady', of: east, atMost: '99%' },
    {},
    {
      text: /^The sidecar of frontend-1 uses the hosts of edge-app in all zones alike\.$/,
      behind: [`${policy}.loadBalancer.localityLbSetting.enabled: false (mesh.yaml:9)`],
    },
  ],
  [
    'outlier-turns-on-locality',
    { kind: 'share', during: 'steady', of: east, atMost: '50%' },
    {},
    {
      text: /^The sidecar of frontend-1 sends all requests to the nearest 2 hosts of edge-app/,
      behind: [/outlierDetection: the nearest first.* \(mesh\.yaml:8\)$/],
    },
  ],
  [
    'ejection-cap-default',
    { kind: 'success-rate', during: 'fault', atLeast: '99%' },
    {},
    {
      text: /^The app of edge-app itself answered 503\.$/,
      behind: [/^retryOn: /, /^attempts: 2/, 'maxEjectionPercent: 10 % (none of 4 hosts) (default of Envoy)'],
    },
  ],
  [
    'locality-off',
    { kind: 'time-to-eject', atMost: '1s' },
    { ejectAfterMs: 2_000 },
    {
      text: /^The sidecar of frontend-1 did eject hosts of edge-app, each once it had failed so often in a row; every success begins the count of a host anew\.$/,
      behind: [`${policy}.outlierDetection.consecutive5xxErrors: 5 (mesh.yaml:10)`],
    },
  ],
  [
    'pool-of-another-port',
    { kind: 'latency', during: 'steady', percentile: 95, atMost: '1ms' },
    {},
    {
      text: /^Not known which setting: no setting in the sidecar of frontend-1 explains how long requests to edge-app take\.$/,
    },
  ],
])('%s: %o fails, and says why', async (name, written, how, { text, behind = [] }) => {
  const {
    checks: [failed],
  } = await analysed(name, { ...how, checks: [check(written)] });
  expect(failed?.status).toBe('fail');
  expect(failed?.reason?.text).toMatch(text);
  const told = settings(failed?.reason);
  expect(told).toEqual(behind.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))));
});

/** The run in which the client's sidecar counted so from the middle of the fault on. */
const counting =
  (counted: Partial<StatisticsSample>) =>
  (run: BuiltRun): BuiltRun => ({
    ...run,
    statistics: (run.statistics ?? []).map((each) => (each.t < 5_000 ? each : { ...each, ...counted })),
  });
const found = { errors: 3, gatewayErrors: 3, localErrors: 0, comparisons: 0 };
const outliers = `${policy}.outlierDetection`;

test.each<
  [string, object, Outage, Partial<StatisticsSample>, { text: RegExp; behind: readonly (string | RegExp)[] }]
>([
  [
    'locality-off',
    { kind: 'time-to-eject', atMost: '1s' },
    {},
    { detections: found, ejectionsRefused: 2 },
    {
      text: /^The sidecar of frontend-1 found out hosts of edge-app that it did not eject \(2 times\): no more than \d of 4 may be out at once\.$/,
      behind: [/^DestinationRule\/edge-app-dr .*\.maxEjectionPercent: \d+ \(mesh\.yaml:\d+\)$/],
    },
  ],
  [
    'panic-below-half',
    { kind: 'share', during: 'fault', after: '2s', of: east, atMost: '1%' },
    {},
    { detections: found, panics: 70 },
    {
      text: /^Fewer than 50 % of the hosts of edge-app were healthy/,
      behind: [/minHealthPercent: 50 \(mesh\.yaml:11\)$/],
    },
  ],
  [
    'locality-off',
    { kind: 'ejections', during: 'fault', atLeast: 1 },
    {},
    {},
    {
      text: /^The sidecar of frontend-1 found out no host of edge-app: none failed so often in a row\. Each client counts for itself/,
      behind: [`${outliers}.consecutive5xxErrors: 5 (mesh.yaml:10)`],
    },
  ],
  [
    'locality-off',
    { kind: 'ejections', during: 'fault', atMost: 0 },
    { ejectAfterMs: 500 },
    { detections: found },
    {
      text: /^Outlier detection for edge-app is in effect in the sidecar of frontend-1, and ejects a host that fails so often/,
      behind: [`${outliers}.consecutive5xxErrors: 5 (mesh.yaml:10)`],
    },
  ],
  [
    'locality-off',
    { kind: 'time-to-return', atMost: '100ms' },
    { ejectAfterMs: 500 },
    {},
    {
      text: /^The sidecar of frontend-1 had hosts of edge-app ejected until 99\d ms after the fault\. An ejection lasts 30 s, each further one in a row of the same host that much longer, and whether it is over is looked at every 10 s\.$/,
      behind: [
        'baseEjectionTime: 30 s (default of Envoy)',
        'interval: 10 s (default of Envoy)',
        'maxEjectionTime: 5 min (default of Envoy)',
      ],
    },
  ],
  [
    'locality-off',
    { kind: 'error-rate', during: 'fault', atLeast: '50%' },
    { change: hidden },
    { retries: 40 },
    {
      text: /^The sidecar of frontend-1 tried requests to edge-app again \(40 times\), so that fewer errors reached its callers\.$/,
      behind: [/^attempts: 2/, /^retryOn: /],
    },
  ],
  [
    'ejection-of-local-errors',
    { kind: 'share', during: 'fault', of: east, atMost: '1%' },
    {},
    { detections: found, panics: 70 },
    {
      text: /^Fewer than 60 % of the hosts of edge-app were healthy, so that the sidecar of frontend-1 sent requests to all of them, ejected ones too\.$/,
      behind: [/minHealthPercent: 60 \(mesh\.yaml:11\)$/],
    },
  ],
  [
    'plaintext-to-strict',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    {},
    {},
    {
      text: /^The caller's sidecar speaks plaintext, and edge-app takes mTLS only\.$/,
      behind: [/tls\.mode: DISABLE \(mesh\.yaml:15\)$/, /^what the server takes: mTLS only/],
    },
  ],
  [
    'try-longer-than-timeout',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    { change: (request) => (request.status === 503 ? { ...request, ...late } : request) },
    {},
    {
      text: /may be\. Requests were cut off after 500 ms, so that fewer were on their way at once than without that timeout\.$/,
      behind: [/Requests: 50 /, /maxConnections: 100 /, /spec\.http\[0\]\.timeout: 500ms \(mesh\.yaml:22\)$/],
    },
  ],
  [
    'locality-off',
    { kind: 'share', during: 'recovery', of: east, atLeast: '99%' },
    { ejectAfterMs: 500 },
    {},
    {
      text: /^The sidecar of frontend-1 had hosts of edge-app ejected until/,
      behind: [/^base/, /^int/, /^max/],
    },
  ],
])('%s: %o fails, and what was counted says why', async (name, written, how, counted, { text, behind }) => {
  const {
    checks: [failed],
  } = await analysed(name, { ...how, checks: [check(written)] }, counting(counted));
  expect(failed?.status).toBe('fail');
  expect(failed?.reason?.text).toMatch(text);
  expect(settings(failed?.reason)).toEqual(
    behind.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))),
  );
});

test('traffic that does not come back since requests fail is put down to those', async () => {
  const checks = [check({ kind: 'time-to-return', atMost: '100ms' })];
  const failing: Outage = {
    change: (request, index) => (index % 10 === 3 ? { ...request, ...late, attempts: [] } : request),
  };
  const { checks: judged } = await analysed('try-longer-than-timeout', { ...failing, checks });
  expect(judged[0]).toMatchObject({ status: 'fail', observed: 'never' });
  expect(settings(judged[0]?.reason)).toEqual([
    'VirtualService/edge-app spec.http[0].timeout: 500ms (mesh.yaml:22)',
  ]);
});

test('traffic that moved in time and came to nothing where it went to did not fail for the reason of moving', async () => {
  const checks = [check({ kind: 'time-to-fail-over', atMost: '1s' })];
  const refused = {
    status: 403,
    details: 'via_upstream',
    attempts: [
      { host: 'edge-app-west-1', status: 403, ms: 1, details: 'rbac_access_denied_matched_policy[none]' },
    ],
  };
  const moved = (change: Partial<BuiltRequest>): Outage => ({
    ejectAfterMs: 300,
    change: (request) =>
      request.attempts[0]?.host === 'edge-app-west-1' ? { ...request, ...change } : request,
  });
  const reasonOf = async (change: Partial<BuiltRequest>) => {
    const { checks: judged } = await analysed('locality-off', { ...moved(change), checks });
    expect(judged[0]).toMatchObject({ status: 'fail' });
    return judged[0]?.reason?.text;
  };
  expect(await reasonOf(refused)).toMatch(/^No policy allows this caller and request to edge-app/);
  // What is refused before a host is asked has not moved anywhere.
  expect(await reasonOf({ ...full, status: 503, attempts: [] })).toMatch(/did eject hosts of edge-app/);
});

test('the summary of a run says why its first failed check failed', async () => {
  const checks = [check({ kind: 'time-to-eject', atMost: '1s' })];
  const { summary } = await analysed('ejection-cap-20', { checks });
  expect(summary).toContain(
    'The setting behind it: DestinationRule/edge-app-dr spec.trafficPolicy.outlierDetection.maxEjectionPercent: 20 (mesh.yaml:11).',
  );
});

test('where a sidecar did not say what it held, nothing is made up', async () => {
  const checks = [check({ kind: 'ejections', during: 'steady', atLeast: 1 })];
  const { errors, checks: judged } = await analysed(
    'pool-of-the-host-holds',
    { ...ending(full), checks },
    (run) => ({ ...run, effective: {} }),
  );
  const why = 'what the sidecar of frontend-1 held was not read';
  expect(errors[0]).toMatchObject({ setting: `not known which setting: ${why}` });
  expect(judged[0]?.reason).toEqual({ text: `Not known which setting: ${why}.` });
});
