import { expect, test } from 'vitest';
import { readEffective } from '../../meshes/istio/effective/index.ts';
import { recorded, recording } from '../../meshes/istio/effective/testing/recordings.ts';
import {
  type CheckQuestion,
  callTable,
  effectiveTables,
  type Reason,
  type RequestQuestion,
  reasonOfCheck,
  reasonOfPassing,
  reasonOfRequests,
  reasonOfRouteSetting,
  textOfReason,
} from '../index.ts';
import { matchesRequest } from './taken.ts';

const about = {
  client: 'frontend-1',
  service: 'edge-app',
  request: { method: 'GET', path: '/', headers: {} },
} as const;

type Asked = Partial<RequestQuestion> & Pick<RequestQuestion, 'ended'>;

const ofRequests = (name: string, question: Asked) =>
  reasonOfRequests(recorded(name), { ...about, side: 'client', ...question });
const ofCheck = (name: string, question: Partial<CheckQuestion> & Pick<CheckQuestion, 'expected'>) =>
  reasonOfCheck(recorded(name), { ...about, ...question });

/** "http1MaxPendingRequests: 50 mesh.yaml:21" for each setting. */
function settings(reason: Reason): readonly string[] | string {
  if (!reason.known) return `not known: ${reason.why}`;
  return reason.settings.map(
    ({ name, value, from }) =>
      `${name}: ${value} ${from.by === 'setting' ? from.line : from.by === 'default' ? from.of : from.by}`,
  );
}

test.each<[string, Asked, readonly string[] | string]>([
  [
    'pool-of-the-subset-wins',
    { ended: 'overflow' },
    ['http1MaxPendingRequests: 50 21', 'maxConnections: 100 19'],
  ],
  [
    'pool-of-the-host-holds',
    { ended: 'overflow' },
    ['http1MaxPendingRequests: 50 9', 'maxConnections: 100 8'],
  ],
  [
    'pool-of-another-port',
    { ended: 'overflow' },
    ['http1MaxPendingRequests: 50 12', 'maxConnections: 100 10'],
  ],
  [
    'pool-of-the-subsets-port',
    { ended: 'overflow' },
    ['http1MaxPendingRequests: 9 20', 'maxConnections: 7 19'],
  ],
  [
    'pool-at-the-server-too',
    { ended: 'overflow', side: 'server', server: 'edge-app-east-1' },
    ['http1MaxPendingRequests: 10 10', 'maxConnections: 20 9'],
  ],
  ['requests-limit-on-http1', { ended: 'overflow' }, ['http2MaxRequests: 40 8']],
  ['requests-limit-below-connections', { ended: 'overflow' }, ['http2MaxRequests: 30 9']],
  ['requests-limit-below-connections', { ended: 'overflow', of: 'retry' }, ['maxRetries: 3 9']],
  [
    'max-connections-alone-queues',
    { ended: 'overflow' },
    'not known: the sidecar of frontend-1 has no limit for edge-app:8080 that could be hit',
  ],
  ['timeout-of-another-route', { ended: 'timeout' }, ['timeout: 300ms 14']],
  [
    'timeout-of-another-route',
    { ended: 'timeout', request: { ...about.request, headers: { 'x-batch': 'true' } } },
    ['timeout: 30s 11'],
  ],
  [
    'timeout-by-path',
    { ended: 'timeout', request: { ...about.request, path: '/v2/x?a=b' } },
    ['timeout: 5s 18'],
  ],
  ['timeout-by-path', { ended: 'timeout', route: 'rest' }, ['timeout: 300ms 23']],
  [
    'longer-prefix-comes-later',
    { ended: 'timeout', request: { ...about.request, path: '/api/quick/7' } },
    ['timeout: 5s 8'],
  ],
  [
    'rewritten-path',
    { ended: 'timeout', request: { ...about.request, path: '/old/7' } },
    ['timeout: 250ms 9'],
  ],
  [
    'try-time-without-retry',
    { ended: 'timeout', of: 'attempt' },
    ['perTryTimeout: 200ms 7', 'retryOn: 503 7'],
  ],
  ['rule-by-wildcard', { ended: 'overflow' }, ['http1MaxPendingRequests: 6 9', 'maxConnections: 12 8']],
  [
    'rule-by-wildcard',
    { ended: 'overflow', side: 'server', server: 'edge-app-east-1' },
    ['http1MaxPendingRequests: 6 9', 'maxConnections: 12 8'],
  ],
  [
    'http2-with-a-limit',
    { ended: 'overflow' },
    ['http2MaxRequests: 25 9', 'http1MaxPendingRequests: 10 9', 'maxConnections: 100 8'],
  ],
  ['no-route-for-the-rest', { ended: 'no-route' }, ['match: /api* 7', 'match: /* with x-batch: yes 9']],
  ['route-to-another-port', { ended: 'no-cluster' }, ['route: edge-app:9090 7']],
  ['subset-label-typo', { ended: 'no-host' }, ['labels: versoin=v1 8']],
  ['subset-of-a-hidden-rule', { ended: 'no-cluster' }, ['route: edge-app:8080 subset v1 16']],
  [
    'another-identity',
    { ended: 'tls', distrust: { of: 'server', since: 'identity' } },
    ['subjectAltNames: spiffe://cluster.local/ns/default/sa/payments 9', 'mode: ISTIO_MUTUAL 8'],
  ],
  [
    'another-identity',
    { ended: 'tls', distrust: { of: 'client', since: 'expired' } },
    ['what the server takes: mTLS only scenario', 'mode: ISTIO_MUTUAL 8'],
  ],
  ['allow-nothing', { ended: 'denied', side: 'server', policy: 'none' }, ['nothing: ALLOW 4']],
  ['token-required', { ended: 'denied', side: 'server', policy: 'none' }, ['with-a-token: ALLOW 16']],
  [
    'token-required',
    { ended: 'denied', side: 'server', decidedBy: 'token' },
    ['authentication: envoy.filters.http.jwt_authn 4'],
  ],
  [
    'policies-by-path',
    { ended: 'denied', side: 'server', policy: 'ns[default]-policy[no-admin]-rule[1]' },
    ['no-admin: DENY 9'],
  ],
  ['mtls-off-on-one-port', { ended: 'connect' }, ['mode: ISTIO_MUTUAL 16', 'mode: DISABLE 8']],
  [
    'timeout-in-a-delegate',
    { ended: 'timeout', of: 'attempt', request: { ...about.request, path: '/slow/1' } },
    ['perTryTimeout: 100ms 9'],
  ],
  ['try-longer-than-timeout', { ended: 'timeout' }, ['timeout: 500ms 22']],
  ['tries-without-timeout', { ended: 'timeout', of: 'attempt' }, ['perTryTimeout: 300ms 9']],
  [
    'tries-without-timeout',
    { ended: 'timeout' },
    'not known: the route to edge-app has no timeout in the sidecar of frontend-1',
  ],
  [
    'plaintext-to-strict',
    { ended: 'reset' },
    ['mode: DISABLE 15', 'what the server takes: mTLS only scenario'],
  ],
  ['mtls-to-plaintext', { ended: 'connect' }, ['mode: ISTIO_MUTUAL 14', 'mode: DISABLE 6']],
  [
    'plaintext-to-permissive',
    { ended: 'reset' },
    ['retryOn: cancelled, connect-failure, refused-stream, unavailable Istio', 'attempts: 2 Istio'],
  ],
  [
    'distribute-own-zone-only',
    { ended: 'no-host' },
    ['distribute: set 11', 'maxEjectionPercent: 100 19', 'minHealthPercent: 0 % Istio'],
  ],
  ['subset-that-selects-nothing', { ended: 'no-host' }, ['labels: version=v2 8']],
  [
    'ejection-cap-20',
    { ended: 'no-host' },
    'not known: no more than 0 of 4 hosts of edge-app can be ejected at once',
  ],
  ['policies', { ended: 'denied', side: 'server', policy: 'none' }, ['billing-only: ALLOW 7']],
  [
    'policies',
    { ended: 'denied', side: 'server', policy: 'ns[default]-policy[no-delete]-rule[0]' },
    ['no-delete: DENY 16'],
  ],
  [
    'policies',
    { ended: 'denied', side: 'server' },
    'not known: the sidecar of edge-app holds policies of both kinds, and which refused is not known',
  ],
  ['policies', { ended: 'rate-limited', side: 'server' }, ['rate limit: 10 each 1s, at most 20 at once 46']],
  ['policies', { ended: 'rate-limited' }, "not known: the client's sidecar holds no rate limit"],
  ['timeout-in-a-delegate', { ended: 'injected', status: 503 }, ['abort: 503 for 10 % 24', 'attempts: 1 9']],
  ['abort-before-retries', { ended: 'injected', status: 502 }, ['abort: 502 for 50 % 7', 'attempts: 10 8']],
  [
    'port-entry-and-a-subset',
    { ended: 'overflow' },
    ['http1MaxPendingRequests: 7 10', 'maxConnections: no limit Istio'],
  ],
  [
    'abort-behind-a-header',
    { ended: 'injected', status: 503 },
    'not known: no route to edge-app makes this error',
  ],
  [
    'no-retries',
    { ended: 'answered', status: 503 },
    ['attempts: 0 7', 'outlierDetection: not set, a bad host is never ejected Istio'],
  ],
])('%s: %o', (name, question, expected) => {
  expect(settings(ofRequests(name, question))).toEqual(expected);
});

test('routes that may all have taken a request give no reason unless they agree', () => {
  const { request: _, ...unasked } = about;
  const ask = (name: string) =>
    reasonOfRequests(recorded(name), { ...unasked, side: 'client', ended: 'timeout' });
  expect(settings(ask('timeout-of-another-route'))).toBe(
    'not known: which of 2 routes to edge-app took the requests is not known, and they differ',
  );
  expect(settings(ask('try-longer-than-timeout'))).toEqual(['timeout: 500ms 22']);
});

test('a timeout says that the time of one attempt never comes to bear', () => {
  expect(textOfReason(ofRequests('try-longer-than-timeout', { ended: 'timeout' }))).toEqual({
    cause:
      "The host of edge-app did not answer within the route's timeout. It covers all attempts, so the 2 s of one attempt never run out and a slow one is not tried again.",
    setting: 'VirtualService/edge-app spec.http[0].timeout: 500ms',
    source: 'mesh.yaml:22',
  });
});

const west = {
  instances: ['edge-app-west-1'],
  localities: ['region1/zone-west'],
  addresses: ['127.1.1.12:8080'],
  status: 503,
};
const east = {
  instances: ['edge-app-east-1', 'edge-app-east-2'],
  localities: ['region1/zone-east', 'region1/zone-east'],
  addresses: ['127.1.1.10:8080', '127.1.1.11:8080'],
};

const nothing = { errors: 0, gatewayErrors: 0, localErrors: 0, comparisons: 0 };

test.each<[string, Partial<CheckQuestion> & Pick<CheckQuestion, 'expected'>, readonly string[] | string]>([
  [
    'max-connections-alone-queues',
    { expected: 'overflow' },
    ['http1MaxPendingRequests: no limit Istio', 'maxConnections: 100 10'],
  ],
  [
    'http2-needs-one-connection',
    { expected: 'overflow' },
    ['h2UpgradePolicy: UPGRADE 9', 'http2MaxRequests: no limit Istio'],
  ],
  [
    'pool-of-another-port',
    { expected: 'low-latency' },
    'not known: no setting in the sidecar of frontend-1 explains how long requests to edge-app take',
  ],
  [
    'try-longer-than-timeout',
    { expected: 'overflow' },
    'not known: the limits in effect (http1MaxPendingRequests: 50, maxConnections: 100) were not reached',
  ],
  ['two-rules-one-host', { expected: 'ejection' }, ['outlierDetection: not set Istio']],
  ['ejection-cap-default', { expected: 'ejection' }, ['maxEjectionPercent: 10 % Envoy']],
  ['ejection-cap-20', { expected: 'ejection' }, ['maxEjectionPercent: 20 11']],
  [
    'ejection-of-a-subset',
    { expected: 'ejection', misbehaviour: { ...west, status: 500 } },
    ['consecutive5xxErrors: 0 9', 'consecutiveGatewayErrors: 3 10'],
  ],
  ['ejection-of-a-subset', { expected: 'ejection' }, ['maxEjectionPercent: 40 11']],
  [
    'locality-off',
    { expected: 'ejection', misbehaviour: { ...west, status: 404 } },
    ['consecutive5xxErrors: 5 10'],
  ],
  [
    'outlier-turns-on-locality',
    { expected: 'ejection', misbehaviour: west },
    ['outlierDetection: the nearest first, others when too few of those are healthy 8'],
  ],
  [
    'locality-off',
    { expected: 'ejection', misbehaviour: west },
    'not known: outlier detection is in effect for edge-app and would have ejected a host that misbehaves for long enough',
  ],
  // Found out by what is counted and leads to no ejection.
  [
    'locality-off',
    { expected: 'ejection', misbehaviour: west, seen: { detections: { ...nothing, gatewayErrors: 12 } } },
    ['consecutive5xxErrors: 5 10'],
  ],
  // There is nobody else.
  [
    'locality-off',
    {
      expected: 'takeover',
      misbehaviour: {
        instances: [...east.instances, 'edge-app-west-1', 'edge-app-west-2'],
        localities: [...east.localities, 'region1/zone-west', 'region1/zone-west'],
        addresses: [...east.addresses, '127.1.1.12:8080', '127.1.1.13:8080'],
      },
    },
    ['enabled: false 9'],
  ],
  ['distribute-own-zone-only', { expected: 'failover', misbehaviour: east }, ['distribute: set 11']],
  ['distribute-80-20', { expected: 'failover', misbehaviour: east }, ['distribute: set 10']],
  [
    'failover-without-outlier-detection',
    { expected: 'failover', misbehaviour: east },
    ['outlierDetection: not set Istio'],
  ],
  ['locality-off', { expected: 'failover', misbehaviour: east }, ['enabled: false 9']],
  ['ejection-cap-20', { expected: 'failover', misbehaviour: east }, ['maxEjectionPercent: 20 11']],
  [
    'failover-by-priority',
    { expected: 'failover', misbehaviour: east },
    'not known: failover is in effect for edge-app: the nearest first, 2 hosts, then others',
  ],
  [
    'max-connections-alone-queues',
    { expected: 'low-latency', seen: { pending: 12 } },
    ['http1MaxPendingRequests: no limit Istio', 'maxConnections: 100 10'],
  ],
  [
    'ejection-of-local-errors',
    { expected: 'ejection', misbehaviour: { ...east, late: true }, seen: { detections: nothing } },
    ['consecutiveLocalOriginFailures: 4 9', 'timeout: no limit Istio'],
  ],
  [
    'ejection-of-local-errors',
    { expected: 'ejection', misbehaviour: east, seen: { detections: nothing } },
    ['consecutiveLocalOriginFailures: 4 9'],
  ],
  [
    'failover-by-priority',
    { expected: 'takeover', misbehaviour: { ...east, status: 503 }, seen: { detections: nothing } },
    ['consecutive5xxErrors: 5 12'],
  ],
  [
    'pool-of-another-port',
    { expected: 'return', seen: { out: { forMs: 10, toTheEnd: false } } },
    'not known: none of the hosts in question was ejected in the sidecar of frontend-1 after the fault',
  ],
  ['streams-of-http2', { expected: 'overflow' }, ['http1MaxPendingRequests: no limit Istio']],
  ['same-header-same-host', { expected: 'spread' }, ['consistentHash: ring-hash 7']],
  ['split-by-weight', { expected: 'spread' }, ['route: 90 %, 10 % 16']],
  // https://github.com/istio/istio/issues/36069
  ['split-by-thirds', { expected: 'spread' }, ['route: 66.667 %, 33.333 % 16']],
  ['distribute-80-20', { expected: 'spread' }, ['distribute: fixed shares 10']],
  ['distribute-for-callers-elsewhere', { expected: 'spread' }, ['distribute: all hosts alike 9']],
  [
    'panic-below-half',
    { expected: 'avoidance', seen: { detections: { ...nothing, errors: 4 }, ejections: 3, panics: 90 } },
    ['minHealthPercent: 50 11'],
  ],
  [
    'panic-below-half',
    { expected: 'ejection', seen: { detections: { ...nothing, errors: 4 }, ejections: 3, panics: 90 } },
    ['consecutive5xxErrors: 3 9'],
  ],
  [
    'gateway-errors-alone',
    { expected: 'no-ejection', seen: { detections: { ...nothing, gatewayErrors: 2 }, ejections: 2 } },
    ['consecutiveGatewayErrors: 4 8'],
  ],
  [
    'pool-of-another-port',
    { expected: 'quick-refusal' },
    'not known: no setting in the sidecar of frontend-1 makes requests to edge-app wait before they are refused',
  ],
  [
    'abort-behind-a-header',
    { expected: 'low-latency', request: { ...about.request, headers: { 'x-chaos': 'yes' } } },
    ['delay: 2 s for 100 % 11'],
  ],
])('%s: %o did not come', (name, question, expected) => {
  expect(settings(ofCheck(name, question))).toEqual(expected);
});

test('hosts that are out when the run ends are not said to have come back', () => {
  const seen = { out: { forMs: 4_990, toTheEnd: true } };
  expect(textOfReason(ofCheck('locality-off', { expected: 'return', seen }))?.cause).toMatch(
    /^The sidecar of frontend-1 still had hosts of edge-app ejected 4\.99 s after the fault, at the end of the run\. /,
  );
});

test('a rule that is in no sidecar is the reason, with its line and why', () => {
  expect(textOfReason(ofCheck('two-rules-one-host', { expected: 'ejection' }))).toEqual({
    cause:
      'No outlier detection for edge-app is in effect in the sidecar of frontend-1, so no host is ever ejected.',
    setting: 'outlierDetection: not set (default of Istio)',
    others: [
      {
        setting:
          'DestinationRule/b-outliers spec.trafficPolicy.outlierDetection is not in effect: Istio takes the trafficPolicy of one rule for a host, and DestinationRule/a-balancing (mesh.yaml:1) comes before and has one',
        source: 'mesh.yaml:19',
      },
    ],
  });
  for (const [name, line] of [
    ['rule-for-other-callers', 8],
    ['rule-in-a-namespace-nobody-reads', 15],
    ['pool-of-a-subset-without-route', 10],
    ['rule-of-the-root-namespace', 7],
  ] as const) {
    const text = textOfReason(ofCheck(name, { expected: 'overflow' }));
    expect(text?.cause).toContain('refuses requests');
    expect(text?.others?.map(({ source }) => source)).toContain(`mesh.yaml:${line}`);
  }
});

test('what was not read is not known', () => {
  expect(reasonOfRequests({ sidecars: [] }, { ...about, side: 'client', ended: 'overflow' }).known).toBe(
    false,
  );
  expect(reasonOfCheck({ sidecars: [] }, { ...about, expected: 'ejection' }).known).toBe(false);
});

test('requests are matched as Envoy does it, and what cannot be told stays open', () => {
  const path = { kind: 'prefix', value: '/api' } as const;
  const get = { method: 'GET', path: '/api/x?user=7', headers: { 'x-a': '1' } };
  const matches = (match: Partial<Parameters<typeof matchesRequest>[0]>) =>
    matchesRequest({ path, headers: [], query: [], ...match }, get);
  expect(matches({})).toBe('yes');
  expect(matches({ path: { kind: 'exact', value: '/api' } })).toBe('no');
  expect(matches({ path: { kind: 'segments', value: '/api' } })).toBe('yes');
  expect(matches({ path: { kind: 'segments', value: '/ap' } })).toBe('no');
  expect(matches({ path: { kind: 'regex', value: '/api/[a-z]' } })).toBe('yes');
  expect(matches({ path: { kind: 'regex', value: '(?P<a>.*' } })).toBe('perhaps');
  expect(matches({ path: { kind: 'prefix', value: '/API', ignoreCase: true } })).toBe('yes');
  expect(matches({ headers: [{ name: ':method', kind: 'exact', value: 'POST' }] })).toBe('no');
  expect(matches({ headers: [{ name: 'x-a', kind: 'present', value: '', not: true }] })).toBe('no');
  expect(matches({ headers: [{ name: 'x-b', kind: 'exact', value: '1', not: true }] })).toBe('yes');
  // Without the header, as with an empty one: https://github.com/istio/istio/issues/49593
  const without = { name: 'x-b', not: true, emptyIfMissing: true } as const;
  expect(matches({ headers: [{ ...without, kind: 'exact', value: '1' }] })).toBe('yes');
  expect(matches({ headers: [{ ...without, kind: 'regex', value: '.*' }] })).toBe('no');
  expect(matches({ query: [{ name: 'user', kind: 'exact', value: '7' }] })).toBe('yes');
  expect(matches({ more: true })).toBe('perhaps');
});

test('the table of a caller says what never comes, and why', () => {
  const never = (name: string) => {
    const configuration = recorded(name);
    const client = configuration.sidecars.find(({ role }) => role === 'client');
    const section =
      client &&
      callTable(client, 'edge-app', configuration).sections.find(({ title }) => title === 'never comes');
    return section?.rows.map(({ what }) => what) ?? [];
  };
  expect(never('plaintext-to-strict')).toEqual(['answer', 'ejection', 'failover']);
  expect(never('max-connections-alone-queues')).toEqual(['overflow', 'ejection', 'failover']);
  expect(never('ejection-of-local-errors')).toEqual(['overflow']);
  expect(never('distribute-own-zone-only')).toEqual(['overflow', 'failover']);
});

test('a split that is written and not in effect is told with why', () => {
  const idle = (name: string) => textOfReason(ofCheck(name, { expected: 'spread' }));
  // https://github.com/istio/istio/issues/9268
  expect(idle('split-for-another-name')?.others).toEqual([
    {
      setting:
        'VirtualService/split spec.http[0] is not in effect: its host is frontend.default.svc.cluster.local, and edge-app is edge-app.default.svc.cluster.local',
      source: 'mesh.yaml:16',
    },
  ]);
  // The same where that name is a service of its own that the caller does not call.
  const { topology, answers, resources } = recording('split-for-another-name');
  const services = topology.services.map((each) => ({ ...each, role: 'server' as const }));
  const served = readEffective(new Map(Object.entries(answers)), { ...topology, services }, resources);
  const [client] = served.sidecars.filter(({ role }) => role === 'client');
  expect(client?.unused.map(({ setting }) => setting.line)).toContain(16);
  // https://github.com/istio/istio/issues/36621
  expect(idle('split-beside-a-whole')?.others).toContainEqual({
    setting:
      'VirtualService/b-split spec.http[0] is not in effect: VirtualService/a-whole (mesh.yaml:20) has this host already, and Istio takes one of them',
    source: 'mesh.yaml:16',
  });
});

test('a fault without a percentage hits nobody: https://github.com/istio/istio/issues/36303', () => {
  const asked = (headers: Readonly<Record<string, string>>) =>
    reasonOfRouteSetting(recorded('abort-without-percentage'), {
      ...about,
      request: { ...about.request, headers },
      setting: 'fault',
    });
  // `.*` fits the header that is not there as well, so that the first route takes nothing.
  for (const headers of [{}, { 'x-calm': 'yes' }]) {
    expect(settings(asked(headers))).toEqual(['abort: 418 for 0 % 9']);
    expect(textOfReason(asked(headers))?.cause).toContain('without a percentage it is for 0 %');
  }
});

test('a policy says what of it is not as it reads', () => {
  const denied = ofRequests('principals-with-scheme', {
    ended: 'denied',
    side: 'server',
    server: 'edge-app-east-1',
    policy: 'none',
  });
  expect(settings(denied)).toEqual(['callers: ALLOW 7']);
  expect(textOfReason(denied)?.cause).toMatch(
    /nobody is spiffe:\/\/cluster\.local\/ns\/default\/sa\/frontend\.$/,
  );
});

/** What let a request pass, in words, with what is written for nobody. */
function passing(name: string, { plaintext = false, filtered = true } = {}) {
  const { sidecars, ...others } = recorded(name);
  const held = sidecars.map((sidecar) => ({
    ...sidecar,
    inbound: sidecar.inbound.map((each) => (filtered ? each : { ...each, filters: [] })),
  }));
  const reason = reasonOfPassing(
    { ...others, sidecars: held },
    { service: 'edge-app', port: 8080, plaintext },
  );
  if (!reason.known) return reason.why;
  return [reason.cause, ...reason.instead.map(({ setting, why }) => `${setting.resource.name}: ${why}`)];
}

test('of two policies for one workload the oldest counts: https://github.com/istio/istio/issues/48036', () => {
  expect(passing('two-peer-authentications', { plaintext: true })).toEqual([
    'The sidecar of edge-app takes mTLS and plaintext.',
    expect.stringMatching(
      /^b-closed: PeerAuthentication\/a-open \(mesh\.yaml:8\) is for edge-app-east-1 as well/,
    ),
  ]);
});

test('who may pass is told with the policies that were written for nobody there', () => {
  expect(passing('policies')).toEqual([expect.stringMatching(/^No policy at edge-app refuses it: /)]);
  expect(passing('policies', { plaintext: true })).toEqual([
    expect.stringMatching(/, and no policy there refuses this: who speaks plaintext has no identity/),
  ]);
  for (const plaintext of [true, false]) {
    expect(passing('policies', { plaintext, filtered: false })).toEqual([
      expect.stringMatching(/^(The sidecar of edge-app takes \w+|No policy is in effect at edge-app)/),
      'other: it selects workloads with app=payments, and edge-app-east-1 has not',
    ]);
  }
});

test.each([
  [
    'distribute-80-20',
    'distribute sends fixed shares of the requests to the zones of edge-app: region1/zone-east 80 %, region1/zone-west 20 %.',
    [],
  ],
  [
    'distribute-to-a-region-of-nobody',
    'distribute sends fixed shares of the requests to the zones of edge-app: region1/zone-east 50 %, region1/zone-west 50 %.',
    [13],
  ],
  [
    'failover-to-a-region-of-nobody',
    'The sidecar of frontend-1 sends all requests to the nearest 2 hosts of edge-app as long as those are healthy, and goes further in this order: region1/zone-east, then region1/zone-west.',
    [11],
  ],
])('%s: where requests go, and what of it names nobody', (name, cause, idle) => {
  const reason = ofCheck(name, { expected: 'spread' });
  expect(reason).toMatchObject({ known: true, cause });
  expect(reason.known && reason.instead.map(({ setting }) => setting.line)).toEqual(idle);
});

/** A recorded lab, had it one zone. */
const inOneZone = (name: string) => ({
  sidecars: recorded(name).sidecars.map((sidecar) => ({
    ...sidecar,
    clusters: sidecar.clusters.map((cluster) => ({ ...cluster, zones: cluster.zones.slice(0, 1) })),
  })),
});

test('where all hosts are in one place, a route that leads to one subset alone is told', () => {
  // https://github.com/istio/istio/issues/23145
  const reason = reasonOfCheck(inOneZone('pool-of-the-subset-wins'), { ...about, expected: 'spread' });
  expect(textOfReason(reason)).toMatchObject({
    cause: 'Every request to edge-app goes to the subset v1.',
    setting: 'VirtualService/edge-app spec.http[0]: /*',
  });
});

test('requests that take another route than one that is written are told so, where all hosts are in one place', () => {
  const reason = reasonOfCheck(inOneZone('abort-on-a-gateway-only'), { ...about, expected: 'spread' });
  expect(reason.known && reason.instead.map(({ why }) => why)).toEqual([
    expect.stringMatching(/^it is for gateways only/),
  ]);
});

test('a limit of the rate that refuses too few or too many is named, or what keeps it from refusing', () => {
  const ask = (name: string, path: string, headers = {}) =>
    settings(ofCheck(name, { expected: 'rate-limit', request: { method: 'GET', path, headers } }));
  expect(ask('rate-limits-told-apart', '/search')).toEqual([
    'rate limit of path: /search: 10 each 0.500s, at most 20 at once 23',
    'rate limit: 90 each 1s, at most 90 at once 20',
  ]);
  // One that nobody is told apart by may be the one that was meant.
  expect(ask('rate-limits-told-apart', '/')[0]).toMatch(
    /^rate limit: no action of rate_limits asks for plan=free.* 25$/,
  );
  expect(ask('rate-limit-only-counted', '/')).toEqual([
    'rate limit: filter_enforced is for 0 % of the requests: what is above the limit is counted and not refused 21',
  ]);
  expect(textOfReason(ofCheck('rate-limits-for-nobody', { expected: 'rate-limit' }))).toMatchObject({
    cause: 'No sidecar on the way to edge-app holds a limit of the rate of requests.',
    setting: expect.stringMatching(/configPatches\[0\]\.match\.context is not in effect/),
  });
  expect(
    ofRequests('rate-limits-told-apart', {
      ended: 'rate-limited',
      side: 'server',
      request: { method: 'GET', path: '/', headers: { 'x-job': 'night-7' } },
    }),
  ).toMatchObject({
    settings: [{ value: '2 each 1s, at most 2 at once' }, { value: '90 each 1s, at most 90 at once' }],
  });
  // A route may answer 429 as well.
  expect(ask('abort-before-retries', '/')).toEqual(['abort: 502 for 50 % 7']);
});

test('what a cache keeps or does not is told with whatever may change a request before it', () => {
  expect(settings(ofCheck('cache-behind-a-mutation', { expected: 'asking' }))).toEqual([
    'filter: envoy.filters.http.header_mutation 20',
    'filter: cache 31',
  ]);
  // One that asks on the request's own way has the answer as its route makes it.
  const { sidecars } = recorded('cache-behind-a-mutation');
  const older = sidecars.map((sidecar) => ({
    ...sidecar,
    filters: sidecar.filters.map((each) => (each.kind === 'cache' ? { ...each, joins: false } : each)),
  }));
  expect(settings(reasonOfCheck({ sidecars: older }, { ...about, expected: 'asking' }))).toEqual([
    'in every answer: Cache-Control: max-age=60 7',
    'filter: envoy.filters.http.header_mutation 20',
    'filter: cache 31',
  ]);
  expect(textOfReason(ofCheck('cache-for-nobody', { expected: 'caching' }))).toMatchObject({
    cause: 'No sidecar on the way to edge-app keeps answers.',
    setting: expect.stringMatching(
      /configPatches\[0\]\.match\.context is not in effect: it is for what comes to frontend/,
    ),
  });
  expect(ofCheck('cache-for-nobody', { expected: 'asking' })).toMatchObject({ known: false });
  expect(
    settings(ofRequests('cache-behind-a-mutation', { ended: 'other', status: 503, beside: true })),
  ).toEqual(['filter: cache 31']);
});

test('what is of no effect for one reason is told once', () => {
  const configuration = recorded('cache-behind-a-mutation');
  const servers = configuration.sidecars.filter(({ role }) => role === 'server');
  const [table] = effectiveTables(servers, configuration, () => []);
  const told = table?.sections.find(({ title }) => title.startsWith('written'))?.rows;
  // Of the filter and of the cache, which are for the caller.
  expect(told?.map(({ what }) => what)).toEqual(['mesh.yaml:14']);
});
