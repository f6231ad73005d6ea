import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conditionsText } from '../../../effective/words.ts';
import type { Cluster, Origin, Sidecar, Told } from '../../../model/effective.ts';
import { readEffective } from './index.ts';
import { recorded, recordedFolder, recording } from './testing/recordings.ts';

const client = (name: string): Sidecar => {
  const found = recorded(name).sidecars.find(({ role }) => role === 'client');
  if (!found) throw new Error(`no client in ${name}`);
  return found;
};
const server = (name: string) => recorded(name).sidecars.find(({ role }) => role === 'server')?.inbound[0];

/** The cluster that the first route leads to. */
function called(name: string): Cluster {
  const sidecar = client(name);
  const host = sidecar.hosts.find(({ domains }) => domains.includes('edge-app'));
  const action = host?.routes.at(-1)?.action;
  const to = action?.does === 'forward' ? action.to[0]?.cluster : undefined;
  const cluster = sidecar.clusters.find((each) => each.name === to);
  if (!cluster) throw new Error(`no cluster in ${name}`);
  return cluster;
}

function from(origin: Origin): string {
  if (origin.by === 'setting') return `${origin.line} ${origin.path}`;
  if (origin.by === 'default') return origin.of;
  return origin.by === 'unknown' ? `unknown, perhaps ${origin.maybe.map(({ line }) => line)}` : origin.by;
}
const told = ({ value, from: origin }: Told<unknown>) => `${JSON.stringify(value)} ${from(origin)}`;

const limits = ({ limits: { connections, pending, requests } }: Pick<Cluster, 'limits'>) =>
  [connections, pending, requests].map(told);

const policy = 'spec.trafficPolicy';
const tcp = 'connectionPool.tcp.maxConnections';
const http = 'connectionPool.http.http1MaxPendingRequests';

test.each([
  [
    'pool-of-the-subset-wins',
    `100 19 spec.subsets[0].trafficPolicy.${tcp}`,
    `50 21 spec.subsets[0].trafficPolicy.${http}`,
  ],
  ['pool-of-the-host-holds', `100 8 ${policy}.${tcp}`, `50 9 ${policy}.${http}`],
  [
    'pool-of-the-subsets-port',
    `7 19 spec.subsets[0].trafficPolicy.portLevelSettings[0].${tcp}`,
    `9 20 spec.subsets[0].trafficPolicy.portLevelSettings[0].${http}`,
  ],
  ['pool-of-another-port', `100 10 ${policy}.${tcp}`, `50 12 ${policy}.${http}`],
  ['pool-of-the-port-wins', `100 14 ${policy}.portLevelSettings[0].${tcp}`, 'null Istio'],
  ['pool-of-a-subset-without-route', 'null Istio', 'null Istio'],
  ['max-connections-alone-queues', `100 10 ${policy}.${tcp}`, 'null Istio'],
  ['two-rules-one-with-a-subset', 'null Istio', `20 22 spec.subsets[0].trafficPolicy.${http}`],
  ['rule-for-other-callers', 'null Istio', 'null Istio'],
  ['rule-in-a-namespace-nobody-reads', 'null Istio', 'null Istio'],
  ['port-entry-and-a-subset', 'null Istio', `7 10 ${policy}.portLevelSettings[0].${http}`],
  ['tls-of-the-root-namespace', `30 14 ${policy}.${tcp}`, 'null Istio'],
  ['rule-by-wildcard', `12 8 ${policy}.${tcp}`, `6 9 ${policy}.${http}`],
  ['wildcard-below-own-rule', 'null Istio', 'null Istio'],
  ['exported-to-others', 'null Istio', 'null Istio'],
  ['rule-selects-servers', 'null Istio', 'null Istio'],
])('%s: the limits in effect stand where Istio took them from', (name, connections, pending) => {
  expect(limits(called(name))).toEqual([connections, pending, 'null Istio']);
});

test('a server has the idle timeout of the rule towards its app', () => {
  const idle = (name: string) => {
    const inbound = server(name);
    return inbound && told(inbound.idleTimeoutMs);
  };
  expect(idle('idle-time-of-tcp')).toBe(`20000 8 ${policy}.connectionPool.tcp.idleTimeout`);
  expect(idle('two-idle-times')).toBe(`45000 9 ${policy}.connectionPool.http.idleTimeout`);
  // What is written for a subset is for callers.
  expect(idle('pool-of-the-subset-wins')).toBe('3600000 Envoy');
  expect(server('two-idle-times')).not.toHaveProperty('appKeepsMs');
});

test('a limit of requests holds whatever the protocol', () => {
  expect(limits(called('requests-limit-on-http1'))[2]).toBe(
    `40 8 ${policy}.connectionPool.http.http2MaxRequests`,
  );
  const {
    limits: all,
    connectTimeoutMs,
    idleTimeoutMs,
    protocol,
  } = called('requests-limit-below-connections');
  expect([all.retries, connectTimeoutMs, idleTimeoutMs, protocol].map(told)).toEqual([
    `3 9 ${policy}.connectionPool.http.maxRetries`,
    `250 8 ${policy}.connectionPool.tcp.connectTimeout`,
    `90000 9 ${policy}.connectionPool.http.idleTimeout`,
    '"http1" Istio',
  ]);
  expect(told(called('streams-of-http2').streams)).toBe(
    `5 8 ${policy}.connectionPool.http.maxConcurrentStreams`,
  );
  const { idleTimeoutMs: idle, limits: once } = called('two-idle-times');
  expect([idle, once.requestsPerConnection].map(told)).toEqual([
    `45000 9 ${policy}.connectionPool.http.idleTimeout`,
    `1 9 ${policy}.connectionPool.http.maxRequestsPerConnection`,
  ]);
  expect(told(called('idle-time-of-tcp').idleTimeoutMs)).toBe(
    `20000 8 ${policy}.connectionPool.tcp.idleTimeout`,
  );
  const { limits: ofHttp2, protocol: http2 } = called('http2-with-a-limit');
  expect([ofHttp2.requests, http2].map(told)).toEqual([
    `25 9 ${policy}.connectionPool.http.http2MaxRequests`,
    `"http2" 9 ${policy}.connectionPool.http.h2UpgradePolicy`,
  ]);
  expect(told(called('http2-needs-one-connection').protocol)).toBe(
    `"http2" 9 ${policy}.connectionPool.http.h2UpgradePolicy`,
  );
});

test("the server's sidecar has the pool of the host, never that of a subset", () => {
  const at = (name: string) => {
    const inbound = server(name);
    return inbound === undefined ? [] : limits(inbound).slice(0, 2);
  };
  expect(at('pool-at-the-server-too')).toEqual([`20 9 ${policy}.${tcp}`, `10 10 ${policy}.${http}`]);
  expect(at('pool-of-the-subset-wins')).toEqual([`1000 10 ${policy}.${tcp}`, `1000 12 ${policy}.${http}`]);
  expect(at('rule-by-wildcard')).toEqual([`12 8 ${policy}.${tcp}`, `6 9 ${policy}.${http}`]);
  expect(at('rule-selects-servers')).toEqual(['null Istio', 'null Istio']);
  expect(at('pool-of-the-port-wins')).toEqual([`100 14 ${policy}.portLevelSettings[0].${tcp}`, 'null Istio']);
});

test('a value that its rule does not explain has no origin but what may have changed it', () => {
  expect(told(called('changed-by-a-filter').connectTimeoutMs)).toBe('100 unknown, perhaps 14,8');
});

test('outlier detection: each field, its default, and none at all', () => {
  const outlier = (name: string) => {
    const detection = called(name).outlierDetection;
    if (!detection) return 'none';
    const { consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin, intervalMs, mostEjected } =
      detection;
    return [consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin, intervalMs, mostEjected].map(
      told,
    );
  };
  const block = `${policy}.outlierDetection`;
  expect(outlier('ejection-cap-default')).toEqual([
    `5 12 ${block}.consecutive5xxErrors`,
    '0 Envoy',
    '0 Envoy',
    `1000 13 ${block}.interval`,
    '0.1 Envoy',
  ]);
  expect(outlier('ejection-of-a-subset')).toEqual([
    `0 9 ${block}.consecutive5xxErrors`,
    `3 10 ${block}.consecutiveGatewayErrors`,
    '0 Envoy',
    '10000 Envoy',
    `0.4 11 ${block}.maxEjectionPercent`,
  ]);
  expect(outlier('ejection-of-local-errors')).toEqual([
    `7 10 ${block}.consecutive5xxErrors`,
    '0 Envoy',
    `4 9 ${block}.consecutiveLocalOriginFailures`,
    '10000 Envoy',
    `1 12 ${block}.maxEjectionPercent`,
  ]);
  expect(outlier('gateway-errors-alone')).toEqual([
    '5 Envoy',
    `4 8 ${block}.consecutiveGatewayErrors`,
    '0 Envoy',
    '10000 Envoy',
    `0.5 9 ${block}.maxEjectionPercent`,
  ]);
  expect(['two-rules-one-host', 'pool-of-the-port-wins', 'pool-of-the-subsets-port'].map(outlier)).toEqual([
    'none',
    'none',
    'none',
  ]);
});

test.each([
  ['outlier-turns-on-locality', `"failover" 8 ${policy}.outlierDetection`, ['0 2', '1 2']],
  ['locality-off', `"none" 9 ${policy}.loadBalancer.localityLbSetting.enabled`, ['0 2', '0 2']],
  [
    'failover-by-priority',
    `"failover" 11 ${policy}.loadBalancer.localityLbSetting.failoverPriority`,
    ['0 2', '1 2'],
  ],
  ['failover-without-outlier-detection', '"none" Istio', ['0 2', '0 2']],
  ['distribute-80-20', `"distribute" 10 ${policy}.loadBalancer.localityLbSetting.distribute`, ['0 2', '0 2']],
  [
    'distribute-own-zone-only',
    `"distribute" 11 ${policy}.loadBalancer.localityLbSetting.distribute`,
    ['0 2', '0 0'],
  ],
  [
    'distribute-to-a-region-of-nobody',
    `"distribute" 9 ${policy}.loadBalancer.localityLbSetting.distribute`,
    ['0 2', '0 2'],
  ],
  // It is for nobody here: hosts of all zones are used alike.
  [
    'distribute-for-callers-elsewhere',
    `"none" 9 ${policy}.loadBalancer.localityLbSetting.distribute`,
    ['0 2', '0 2'],
  ],
  [
    'failover-to-a-region-of-nobody',
    `"failover" 9 ${policy}.loadBalancer.localityLbSetting.failover`,
    ['0 2', '1 2'],
  ],
  // The first label tells nobody apart, and so the second is the one that does.
  [
    'priority-by-a-label-of-nobody',
    `"failover" 9 ${policy}.loadBalancer.localityLbSetting.failoverPriority`,
    ['0 2', '1 2'],
  ],
])('%s: how zones are told apart, and their priorities and hosts', (name, mode, zones) => {
  const { locality, zones: held } = called(name);
  expect(told(locality)).toBe(mode);
  expect(held.map(({ locality: place }) => place)).toEqual(['region1/zone-east', 'region1/zone-west']);
  expect(held.map(({ priority, hosts }) => `${priority} ${hosts.length}`)).toEqual(zones);
});

test('the panic threshold is off with outlier detection, on without, and as written', () => {
  expect(told(called('ejection-cap-default').panicThreshold)).toBe('0 Istio');
  expect(told(called('no-retries').panicThreshold)).toBe('0.5 Envoy');
  expect(told(called('panic-below-half').panicThreshold)).toBe(
    `0.5 11 ${policy}.outlierDetection.minHealthPercent`,
  );
  expect(told(called('ejection-of-local-errors').panicThreshold)).toBe(
    `0.6 11 ${policy}.outlierDetection.minHealthPercent`,
  );
});

test('TLS of both sides', () => {
  const both = (name: string) => [called(name).tls, server(name)?.accepts].map((each) => each && told(each));
  expect(both('no-retries')).toEqual(['"auto" Istio', '"mtls" scenario']);
  expect(both('plaintext-to-strict')).toEqual([`"off" 15 ${policy}.tls.mode`, '"mtls" scenario']);
  expect(both('plaintext-to-permissive')).toEqual([`"off" 13 ${policy}.tls.mode`, '"both" 5 spec.mtls.mode']);
  expect(both('mtls-to-plaintext')).toEqual([`"mesh" 14 ${policy}.tls.mode`, '"plaintext" 6 spec.mtls.mode']);
});

test('the server takes on one port what a policy for it says, and balancing by hash has its line', () => {
  expect(server('mtls-off-on-one-port')?.accepts).toMatchObject({
    value: 'plaintext',
    from: { line: 8, path: 'spec.portLevelMtls.8080.mode' },
  });
  expect(told(called('same-header-same-host').balancing)).toBe(
    `"ring-hash" 7 ${policy}.loadBalancer.consistentHash`,
  );
});

test('a subset that selects nothing has no hosts, and says what it selects', () => {
  const [subset] = client('subset-that-selects-nothing').clusters.filter((each) => each.subset === 'v2');
  expect(subset?.zones).toEqual([]);
  expect(subset?.selects && told(subset.selects)).toBe('{"version":"v2"} 8 spec.subsets[0].labels');
});

/** Each route: where it is written, its timeout, retries and fault. */
function routes(name: string) {
  const host = client(name).hosts.find(({ domains }) => domains.includes('edge-app'));
  return (host?.routes ?? []).map(({ from: origin, action, fault }) => [
    from(origin),
    action.does === 'forward' ? told(action.timeoutMs) : action.does,
    action.does === 'forward' ? told(action.retries.attempts) : '',
    ...Object.values(fault).map(told),
  ]);
}

test('routes are those that this caller has, in order, each with its own timeout and retries', () => {
  expect(routes('timeout-of-another-route')).toEqual([
    ['8 spec.http[0]', '30000 11 spec.http[0].timeout', '2 Istio'],
    ['14 spec.http[1]', '300 14 spec.http[1].timeout', '2 Istio'],
  ]);
  expect(routes('timeout-of-other-callers')).toEqual([
    ['17 spec.http[2]', '400 19 spec.http[2].timeout', '2 Istio'],
  ]);
  expect(routes('timeout-by-path')).toEqual([
    ['7 spec.http[0]', '30000 12 spec.http[0].timeout', '2 Istio'],
    ['7 spec.http[0]', '30000 12 spec.http[0].timeout', '2 Istio'],
    ['15 spec.http[1]', '5000 18 spec.http[1].timeout', '0 19 spec.http[1].retries.attempts'],
    ['22 spec.http[2]', '300 23 spec.http[2].timeout', '2 Istio'],
  ]);
  expect(routes('longer-prefix-comes-later').map(([place, timeout]) => [place, timeout])).toEqual([
    ['7 spec.http[0]', '5000 8 spec.http[0].timeout'],
    ['10 spec.http[1]', '200 11 spec.http[1].timeout'],
    ['13 spec.http[2]', 'null Istio'],
  ]);
  expect(routes('two-routes-one-host')).toEqual([['7 spec.http[0]', 'null Istio', '2 Istio']]);
  expect(routes('ejection-cap-20')).toEqual([['Istio', 'null Istio', '2 Istio']]);
});

test("a delegate's route fills its gaps from the one that delegates", () => {
  expect(routes('timeout-in-a-delegate')).toEqual([
    ['17 spec.http[0]', '10000 19 spec.http[0].timeout', '1 9 spec.http[0].retries.attempts'],
    [
      '22 spec.http[1]',
      '250 22 spec.http[1].timeout',
      '1 9 spec.http[0].retries.attempts',
      '{"status":503,"share":0.1} 24 spec.http[1].fault.abort',
    ],
  ]);
});

test('injected faults are on the routes that have them, and on none where they are for gateways', () => {
  expect(routes('abort-on-a-gateway-only')).toEqual([['Istio', 'null Istio', '2 Istio']]);
  expect(routes('abort-behind-a-header').map((route) => route.slice(3))).toEqual([
    [
      '{"ms":2000,"share":1} 11 spec.http[0].fault.delay',
      '{"status":503,"share":0.5} 10 spec.http[0].fault.abort',
    ],
    [],
  ]);
});

test('retries: conditions and the time of one attempt', () => {
  const [route] =
    client('tries-without-timeout').hosts.find(({ domains }) => domains.includes('edge-app'))?.routes ?? [];
  if (route?.action.does !== 'forward') throw new Error('no route');
  const { conditions, perTryTimeoutMs } = route.action.retries;
  expect([conditions, perTryTimeoutMs].map(told)).toEqual([
    '["503","gateway-error"] 10 spec.http[0].retries.retryOn',
    '300 9 spec.http[0].retries.perTryTimeout',
  ]);
});

/** "limit, for whom, why idle" of each limit of the first server. */
const limitsOfRate = (name: string) =>
  server(name)?.filters.flatMap((filter) =>
    filter.kind !== 'rate-limit'
      ? []
      : [
          [
            filter.limit,
            from(filter.from).split(' ')[0],
            ...(filter.match === undefined ? [] : [conditionsText(filter.match)]),
            ...(filter.idle === undefined
              ? []
              : [`${filter.idle.why} ${from(filter.idle.from).split(' ')[0]}`]),
          ].join(' | '),
        ],
  );

test('limits of the rate are told apart by what requests have to have, and idle ones say why', () => {
  expect(limitsOfRate('rate-limits-told-apart')).toEqual([
    '90 each 1s, at most 90 at once | 20',
    '10 each 0.500s, at most 20 at once | 23 | path: /search',
    '5 each 1s, at most 5 at once | 25 | no action of rate_limits asks for plan=free, so that no request has it 25',
    '2 each 1s, at most 2 at once | 27 | x-job: night-*',
  ]);
  expect(limitsOfRate('rate-limit-only-counted')).toEqual([
    expect.stringMatching(
      /^30 each 60s, .* \| filter_enforced is for 0 % of the requests: what is above the limit is counted and not refused 21$/,
    ),
  ]);
  // What the filter says is for routes that have nothing of their own.
  expect(limitsOfRate('rate-limit-of-a-route')).toEqual(['4 each 60s, at most 4 at once | 31']);
  expect(limitsOfRate('rate-limits-for-nobody')).toEqual([]);
});

test('a filter that is put in nowhere says why, at the side that it was meant for', () => {
  const told = (name: string, role: Sidecar['role'], about: string) =>
    recorded(name)
      .sidecars.find((each) => each.role === role)
      ?.unused.filter((each) => each.about === about)
      .map(({ setting: { line, path }, why }) => `${line} ${path.replace(/^spec\./, '')}: ${why}`);
  expect(told('rate-limits-for-nobody', 'server', 'rate-limit')).toEqual([
    '10 configPatches[0].match.context: it is for what edge-app calls; what comes to it is SIDECAR_INBOUND',
    '23 configPatches[1].match.context: it is for gateways, and edge-app-east-1 has a sidecar',
    '25 configPatches[2].match.listener.portNumber: edge-app-east-1 listens on 8080, and not on 9090',
    expect.stringMatching(
      /^27 configPatches\[3\]\.match\.proxy\.proxyVersion: it is for sidecars of a version like /,
    ),
    '29 configPatches[4].match: nothing in the sidecar of edge-app-east-1 fits its match',
    '35 workloadSelector: it selects workloads with app=payments, and edge-app-east-1 has not',
  ]);
  expect(told('cache-for-nobody', 'client', 'cache')).toEqual([
    '9 configPatches[0].match.context: it is for what comes to frontend; what it calls is SIDECAR_OUTBOUND',
  ]);
  expect(told('cache-behind-a-mutation', 'client', 'cache')).toEqual([]);
});

test('filters that may refuse, with their policies', () => {
  const filters = server('policies')?.filters.map((filter) =>
    filter.kind === 'authorization'
      ? [filter.action, ...filter.policies.map((each) => `${each.resource?.name} ${from(each.from)}`)]
      : [filter.kind, from(filter.from)],
  );
  expect(filters).toEqual([
    ['rate-limit', '46 spec.configPatches[0].patch.value.typed_config.value.token_bucket'],
    ['deny', 'no-delete 16 spec.rules[0]'],
    ['allow', 'billing-only 7 spec.rules[0]'],
  ]);
  const [byPath] = server('policies-by-path')?.filters ?? [];
  expect(byPath?.kind === 'authorization' && byPath.policies.map((each) => from(each.from))).toEqual([
    '8 spec.rules[0]',
    '9 spec.rules[1]',
  ]);
});

test.each([
  [
    'pool-of-the-subset-wins',
    ['limits 8: the subset v1 sets its own in mesh.yaml:17, which replaces this whole block'],
  ],
  ['pool-of-another-port', ['limits 16: it is for port 9090, and edge-app is called on 8080']],
  [
    'pool-of-the-port-wins',
    [
      'limits 7: the entry for port 8080 sets its own in mesh.yaml:13, which replaces this whole block',
      'outlier-detection 10: an entry for port 8080 replaces the whole policy around it, and has no outlierDetection',
    ],
  ],
  ['pool-of-a-subset-without-route', ['limits 10: no route of the caller leads to the subset canary']],
  [
    'two-rules-one-host',
    [
      'outlier-detection 19: Istio takes the trafficPolicy of one rule for a host, and DestinationRule/a-balancing (mesh.yaml:1) comes before and has one',
    ],
  ],
  [
    'rule-of-the-root-namespace',
    [
      "limits 7: DestinationRule/edge-app-dr (mesh.yaml:10) is in effect instead: a rule in the caller's namespace default comes first",
    ],
  ],
  ['rule-for-other-callers', ['limits 8: it is for callers with tier=gold, and frontend-1 has not']],
  [
    'rule-in-a-namespace-nobody-reads',
    [
      'outlier-detection 7: nobody reads it in the namespace ops: callers are in default, the service is in default',
      'limits 15: its host is edge-app.ops.svc.cluster.local, and edge-app is edge-app.default.svc.cluster.local',
      'limits 24: exportTo shows it to . only, and callers are in default',
    ],
  ],
  ['failover-without-outlier-detection', ['locality 10: without outlierDetection Istio does not fail over']],
  ['failover-to-a-region-of-nobody', ['locality 11: no host of edge-app is in regoin2']],
  ['distribute-to-a-region-of-nobody', ['locality 13: no host of edge-app is in regoin2/*']],
  [
    'distribute-for-callers-elsewhere',
    ['locality 10: it is for callers in region2/*, and frontend-1 is in region1/zone-east'],
  ],
  ['priority-by-a-label-of-nobody', ['locality 9: no host of edge-app has a label cel']],
  [
    'abort-on-a-gateway-only',
    [
      'route 25: it is for gateways only: istio-system/public; calls inside the mesh need the gateway "mesh"',
      'fault 25: it is for gateways only: istio-system/public; calls inside the mesh need the gateway "mesh"',
    ],
  ],
  [
    'timeout-of-other-callers',
    [
      'route 7: its match wants callers with tier=gold, and frontend-1 has not',
      'timeout 9: its match wants callers with tier=gold, and frontend-1 has not',
      'route 12: its match wants port 9090, and calls go to 8080',
      'timeout 14: its match wants port 9090, and calls go to 8080',
      'route 22: http[2] before it takes every request',
    ],
  ],
  [
    'wildcard-below-own-rule',
    ['limits 7: DestinationRule/own (mesh.yaml:11) is in effect instead: its host is closer'],
  ],
  [
    'exported-to-others',
    [
      'limits 8: exportTo shows it to ops only, and callers are in default',
      'route 18: exportTo shows it to ops only, and callers are in default',
      'timeout 18: exportTo shows it to ops only, and callers are in default',
    ],
  ],
  ['rule-selects-servers', ['limits 8: it is for callers with app=edge-app, and frontend-1 has not']],
  [
    'longer-prefix-comes-later',
    [
      'route 10: http[0] before it (mesh.yaml:7) takes every request that it would',
      'timeout 11: http[0] before it (mesh.yaml:7) takes every request that it would',
    ],
  ],
  [
    'port-entry-and-a-subset',
    ['limits 7: the entry for port 8080 sets its own in mesh.yaml:10, which replaces this whole block'],
  ],
  [
    'tls-of-the-root-namespace',
    [
      "tls 6: DestinationRule/edge-app-dr (mesh.yaml:8) is in effect instead: a rule in the caller's namespace default comes first",
    ],
  ],
  ['rewritten-path', []],
  ['rule-by-wildcard', []],
  [
    'subset-of-a-hidden-rule',
    ['subset 7: nobody reads it in the namespace ops: callers are in default, the service is in default'],
  ],
  ['try-longer-than-timeout', []],
  ['timeout-in-a-delegate', []],
])('%s: what is written and not in effect says why', (name, unused) => {
  expect(client(name).unused.map(({ about, setting, why }) => `${about} ${setting.line}: ${why}`)).toEqual(
    unused,
  );
});

test('every recording is of an input that is there, and the other way round', () => {
  const names = (folder: string) =>
    readdirSync(join(recordedFolder, folder)).map((file) => file.replace(/\.\w+$/, ''));
  expect(names('recorded')).toEqual(names('inputs'));
});

test('a mode for a port that a workload does not have is not in effect', () => {
  const { answers, topology, resources } = recording('mtls-off-on-one-port');
  const changed = resources.map((resource) =>
    resource.kind === 'PeerAuthentication'
      ? { ...resource, value: JSON.parse(JSON.stringify(resource.value).replace('8080', '9999')) }
      : resource,
  );
  const { sidecars } = readEffective(new Map(Object.entries(answers)), topology, changed);
  expect(sidecars.find(({ role }) => role === 'server')?.unused).toMatchObject([
    { about: 'tls', why: 'edge-app-east-1 listens on 8080, and not on 9999' },
  ]);
});
