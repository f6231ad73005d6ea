import { expect, test } from 'vitest';
import { type BuiltRequest, type BuiltRun, buildEvidence } from '../evidence/testing/build-evidence.ts';
import { recording } from '../meshes/istio/effective/testing/recordings.ts';
import { istio } from '../meshes/istio/index.ts';
import type { PlannedCheck } from '../plan/contract.ts';
import { type Analysis, analyse } from './analyse.ts';
import { type Outage, outage, outagePlan, planned } from './testing/outage.ts';

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

const full = { flags: 'UO', details: 'upstream_reset_before_response_started{overflow}' };
const closed = { flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' };
const late = { flags: 'UT', details: 'response_timeout', status: 504 };
const atServer = (server: object) => ({
  details: 'via_upstream',
  attempts: [{ host: 'edge-app-east-1', status: 503, ms: 1, ...server }],
});

const policy = 'DestinationRule/edge-app-dr spec.trafficPolicy';
const subset = 'DestinationRule/edge-app-dr spec.subsets[0].trafficPolicy.connectionPool';

test.each<[string, Partial<BuiltRequest>, { cause: RegExp; setting: string; source?: string }]>([
  [
    'pool-of-the-subset-wins',
    { ...full, cluster: ofV1 },
    {
      cause: /^The connection pool to edge-app was full, so the client's sidecar refused/,
      setting: `${subset}.http.http1MaxPendingRequests: 50; ${subset}.tcp.maxConnections: 100`,
      source: 'mesh.yaml:21',
    },
  ],
  [
    'pool-of-another-port',
    full,
    {
      cause: /^The connection pool to edge-app was full/,
      setting: `${policy}.connectionPool.http.http1MaxPendingRequests: 50; ${policy}.connectionPool.tcp.maxConnections: 100`,
      source: 'mesh.yaml:12',
    },
  ],
  [
    'pool-at-the-server-too',
    atServer(full),
    {
      cause: /^The sidecar of edge-app itself was full/,
      setting: `${policy}.connectionPool.http.http1MaxPendingRequests: 10; ${policy}.connectionPool.tcp.maxConnections: 20`,
      source: 'mesh.yaml:10',
    },
  ],
  [
    'timeout-of-another-route',
    late,
    {
      cause: /did not answer within the route's timeout\.$/,
      setting: 'VirtualService/edge-app spec.http[1].timeout: 300ms',
      source: 'mesh.yaml:14',
    },
  ],
  [
    'try-longer-than-timeout',
    late,
    {
      cause: /It covers all attempts, so the 2 s of one attempt never run out/,
      setting: 'VirtualService/edge-app spec.http[0].timeout: 500ms',
      source: 'mesh.yaml:22',
    },
  ],
  [
    'plaintext-to-strict',
    closed,
    {
      cause: /^The caller's sidecar speaks plaintext, and edge-app takes mTLS only\.$/,
      setting: `${policy}.tls.mode: DISABLE; what the server takes: mTLS only (the scenario)`,
      source: 'mesh.yaml:15',
    },
  ],
  [
    'distribute-own-zone-only',
    { flags: 'UH', details: 'no_healthy_upstream' },
    {
      cause: /Those in region1\/zone-west are not there to take over: distribute does not name them\.$/,
      setting: `${policy}.loadBalancer.localityLbSetting.distribute: set; ${policy}.outlierDetection.maxEjectionPercent: 100; minHealthPercent: 0 % (default of Istio)`,
      source: 'mesh.yaml:11',
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
      setting: 'AuthorizationPolicy/no-delete spec.rules[0]: DENY',
      source: 'mesh.yaml:16',
    },
  ],
  [
    'max-connections-alone-queues',
    full,
    {
      cause:
        /^What may be on the way to edge-app at once was, so the client's sidecar refused the request\.$/,
      setting:
        'not known which setting: the sidecar of frontend-1 has no limit for edge-app:8080 that could be hit',
    },
  ],
  [
    'two-rules-one-host',
    { flags: '-', details: 'a_filter_of_ones_own' },
    {
      cause: /^The sidecar ended the request to edge-app with 503: a_filter_of_ones_own\.$/,
      setting: 'not known which setting: what the sidecar says of it has no word here',
    },
  ],
])('%s: errors are put down to what the sidecar held', async (name, how, { cause, setting, source }) => {
  const { errors } = await analysed(name, ending(how));
  expect(errors).toHaveLength(1);
  expect(errors[0]?.cause).toMatch(cause);
  expect(errors[0]).toMatchObject({ setting, count: 240 });
  expect(errors[0]?.source).toBe(source);
});

test('that every attempt failed is said beside the reason', async () => {
  const refused = { details: 'upstream_reset_before_response_started{remote_connection_failure}' };
  const { errors } = await analysed('no-retries', ending({ ...refused, flags: 'UF,URX' }));
  expect(errors[0]?.cause).toMatch(/could not connect to the host of edge-app.* Retries were used up\.$/);
});

const check = (written: object) => planned(written, 'outage');
const east = { workload: 'edge-app-east' };

test.each<[string, object, Outage, { text: RegExp; setting?: RegExp | string; source?: string }]>([
  [
    'max-connections-alone-queues',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    {},
    {
      text: /^Nothing in the sidecar of frontend-1 refuses requests to edge-app: .* a queue that has no limit/,
      setting: /maxConnections: 100$/,
      source: 'mesh.yaml:10',
    },
  ],
  [
    'pool-of-the-host-holds',
    { kind: 'overflow', during: 'fault', atLeast: 100 },
    {},
    {
      text: /^The limits in effect for edge-app were not reached: at most 0 waiting requests were seen at once, and 50 may be\.$/,
      setting: /http1MaxPendingRequests: 50; .*maxConnections: 100$/,
      source: 'mesh.yaml:9',
    },
  ],
  [
    'pool-of-the-host-holds',
    { kind: 'overflow', during: 'run', atMost: 2 },
    {},
    { text: /^The connection pool to edge-app was full/, setting: /Requests: 50; /, source: 'mesh.yaml:9' },
  ],
  [
    'ejection-cap-default',
    { kind: 'time-to-eject', atMost: '1s' },
    {},
    {
      text: /^10 % of 4 hosts of edge-app are less than one, so none is ever ejected\./,
      setting: 'maxEjectionPercent: 10 % (default of Envoy)',
    },
  ],
  [
    'two-rules-one-host',
    { kind: 'ejections', during: 'fault', atLeast: 1 },
    {},
    {
      text: /^No outlier detection for edge-app is in effect in the sidecar of frontend-1/,
      setting: /mesh\.yaml:19 spec\.trafficPolicy\.outlierDetection is not in effect: Istio takes/,
      source: 'mesh.yaml:19',
    },
  ],
  [
    'distribute-own-zone-only',
    { kind: 'time-to-fail-over', atMost: '1s' },
    {},
    {
      text: /^distribute takes the hosts in region1\/zone-west out of the sidecar of frontend-1/,
      setting: /distribute: set$/,
      source: 'mesh.yaml:11',
    },
  ],
  [
    'failover-without-outlier-detection',
    { kind: 'share', during: 'fault', of: { workload: 'edge-app-west' }, atLeast: '99%' },
    {},
    { text: /so no host is ever ejected\.$/, setting: /^outlierDetection: not set/ },
  ],
  [
    'locality-off',
    { kind: 'share', during: 'steady', of: east, atMost: '99%' },
    {},
    {
      text: /^The sidecar of frontend-1 uses the hosts of edge-app in all zones alike\.$/,
      setting: `${policy}.loadBalancer.localityLbSetting.enabled: false`,
      source: 'mesh.yaml:9',
    },
  ],
  [
    'outlier-turns-on-locality',
    { kind: 'share', during: 'steady', of: east, atMost: '50%' },
    {},
    {
      text: /^The sidecar of frontend-1 sends all requests to the nearest 2 hosts of edge-app/,
      setting: /outlierDetection: the nearest first/,
      source: 'mesh.yaml:8',
    },
  ],
  [
    'ejection-cap-default',
    { kind: 'success-rate', during: 'fault', atLeast: '99%' },
    {},
    { text: /^The app of edge-app itself answered 503\.$/, setting: /consecutive5xxErrors: 5$/ },
  ],
  [
    'locality-off',
    { kind: 'time-to-eject', atMost: '1s' },
    { ejectAfterMs: 2_000 },
    {
      text: /^Not known which setting: outlier detection is in effect for edge-app and would have ejected a host that misbehaves for long enough\.$/,
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
])('%s: %o fails, and says why', async (name, written, how, { text, setting, source }) => {
  const {
    checks: [failed],
  } = await analysed(name, { ...how, checks: [check(written)] });
  expect(failed?.status).toBe('fail');
  expect(failed?.reason?.text).toMatch(text);
  if (setting === undefined) expect(failed?.reason?.setting).toBeUndefined();
  else if (typeof setting === 'string') expect(failed?.reason?.setting).toBe(setting);
  else expect(failed?.reason?.setting).toMatch(setting);
  if (source !== undefined) expect(failed?.reason?.source).toBe(source);
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
