import { expect, test } from 'vitest';
import { readEffective } from '../../meshes/istio/effective/index.ts';
import { recorded, recording } from '../../meshes/istio/effective/testing/recordings.ts';
import type { Cluster } from '../../model/effective.ts';
import {
  type Expected,
  type RequestQuestion,
  reasonOfCheck,
  reasonOfRequests,
  textOfReason,
} from '../index.ts';

const about = {
  client: 'frontend-1',
  service: 'edge-app',
  request: { method: 'GET', path: '/', headers: {} },
} as const;

/** A recorded lab whose apps keep an idle connection for so long; nobody asked the app, the scenario says so. */
function keeping(name: string, keepAliveMs: number) {
  const { topology, answers, resources } = recording(name);
  const instances = topology.instances.map((instance) =>
    instance.app === undefined ? instance : { ...instance, app: { ...instance.app, keepAliveMs } },
  );
  return readEffective(new Map(Object.entries(answers)), { ...topology, instances }, resources);
}

const whyReset = (name: string, keepAliveMs: number, more: Partial<RequestQuestion> = {}) =>
  textOfReason(
    reasonOfRequests(keeping(name, keepAliveMs), { ...about, ended: 'reset', side: 'server', ...more }),
  );

test('an app that closes idle connections as soon as its sidecar does is why a request was lost', () => {
  expect(whyReset('idle-time-of-tcp', 20_000)).toEqual({
    cause:
      "The app of edge-app closed the connection before it had answered. It closes one on which nothing has come for 20 s, and its sidecar keeps it for 20 s: a request that is sent at that very moment is lost. To the caller's sidecar that is an answer, 503, which retryOn does not count, so it was not tried again.",
    setting: 'DestinationRule/edge-app-dr spec.trafficPolicy.connectionPool.tcp.idleTimeout: 20s',
    source: 'mesh.yaml:8',
    others: [
      { setting: 'keepAlive: 20 s (the scenario)' },
      { setting: 'retryOn: cancelled, connect-failure, refused-stream, unavailable (default of Istio)' },
      { setting: 'attempts: 2 (default of Istio)' },
    ],
  });
});

test('an idle timeout that is hardly less than that of the app may come too late', () => {
  expect(whyReset('idle-time-of-tcp', 20_500)?.cause).toContain(
    'nothing has come for 20.5 s, and its sidecar keeps it for 20 s, hardly less: a request',
  );
});

test('without an idle timeout a sidecar keeps connections for an hour, and retries that are off are named', () => {
  expect(whyReset('no-retries', 5_000)).toEqual({
    cause:
      'The app of edge-app closed the connection before it had answered. It closes one on which nothing has come for 5 s, and its sidecar keeps it for 1 h: a request that is sent at that very moment is lost. Retries are off, so it was not tried again.',
    setting: 'idleTimeout: 1 h (default of Envoy)',
    others: [
      { setting: 'keepAlive: 5 s (the scenario)' },
      { setting: 'VirtualService/edge-app spec.http[0].retries.attempts: 0', source: 'mesh.yaml:7' },
    ],
  });
});

test('a pool of a subset is not what a server has towards its app', () => {
  expect(whyReset('pool-of-the-subset-wins', 5_000)?.others).toContainEqual({
    setting:
      'DestinationRule/edge-app-dr spec.subsets[0].trafficPolicy.connectionPool is not in effect: the subset v1 is for callers; towards its app a sidecar has the connectionPool of the host',
    source: 'mesh.yaml:17',
  });
});

test.each([
  ['its sidecar closes them well before', whyReset('idle-time-of-tcp', 25_000)],
  [
    'nobody says when the app closes them',
    textOfReason(reasonOfRequests(recorded('no-retries'), { ...about, ended: 'reset', side: 'server' })),
  ],
  ['a fault was on', whyReset('no-retries', 5_000, { underFault: true })],
  ['the host closed it, and not the app', whyReset('no-retries', 5_000, { side: 'client' })],
])('idle connections are not to blame where %s', (_, reason) => {
  expect(reason?.cause).toMatch(
    /^The (app|host) of edge-app closed the connection before it had answered\.$/,
  );
});

test('an idle timeout that ends a connection before it is up is why there was none', () => {
  const why = (name: string, more: Partial<RequestQuestion> = {}) =>
    textOfReason(
      reasonOfRequests(recorded(name), { ...about, ended: 'connect', of: 'idle', side: 'client', ...more }),
    );
  const short = why('requests-limit-below-connections');
  expect(short?.cause).not.toContain('not up yet');
  expect(why('brief-idle-time')).toMatchObject({
    cause:
      "The client's sidecar closed a connection to edge-app that was not up yet: the idle timeout of 5 ms begins when a connection is opened, and not when it is first used.",
    setting: 'DestinationRule/edge-app-dr spec.trafficPolicy.connectionPool.http.idleTimeout: 5ms',
    source: 'mesh.yaml:8',
  });
  expect(why('brief-idle-time', { side: 'server' })?.cause).toMatch(
    /^The sidecar of edge-app closed a connection to its app that was not up yet: /,
  );
});

const whyConnections = (name: string, expected: Expected) => {
  const {
    cause,
    setting,
    others = [],
  } = textOfReason(reasonOfCheck(recorded(name), { ...about, expected })) ?? {};
  return [cause, setting, ...others.map((other) => other.setting)];
};

test('what closes connections, and what lets them stay, is told with its line', () => {
  expect(whyConnections('two-idle-times', 'reuse')).toEqual([
    'The sidecar of frontend-1 closes a connection to edge-app after 1 request, and one on which nothing comes for 45 s.',
    'DestinationRule/edge-app-dr spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection: 1',
    'DestinationRule/edge-app-dr spec.trafficPolicy.connectionPool.http.idleTimeout: 45s',
  ]);
  expect(whyConnections('idle-time-of-tcp', 'reuse')).toEqual([
    'The sidecar of frontend-1 closes a connection to edge-app when nothing comes on it for 20 s, and one carries any number of requests.',
    'DestinationRule/edge-app-dr spec.trafficPolicy.connectionPool.tcp.idleTimeout: 20s',
    'maxRequestsPerConnection: no limit (default of Envoy)',
  ]);
  expect(whyConnections('no-retries', 'renewal')).toEqual([
    'A connection of the sidecar of frontend-1 to edge-app carries any number of requests, and stays open until nothing comes on it for 1 h.',
    'maxRequestsPerConnection: no limit (default of Envoy)',
    'idleTimeout: 1 h (default of Envoy)',
  ]);
});

/** Why requests to edge-app ran out of the 300 ms that their route has, on a lab whose clusters are a little different. */
function whyLate(cut: boolean, change: Partial<Cluster> = {}) {
  const { sidecars } = recorded('timeout-of-another-route');
  const changed = sidecars.map((sidecar) => ({
    ...sidecar,
    clusters: sidecar.clusters.map((cluster) => ({ ...cluster, ...change })),
  }));
  const ended = { ...about, ended: 'timeout', side: 'client' } as const;
  const question = cut ? { ...ended, cutOff: true as const } : ended;
  const {
    cause,
    setting,
    others = [],
  } = textOfReason(reasonOfRequests({ sidecars: changed }, question)) ?? {};
  return { cause, settings: [setting, ...others.map((each) => each.setting)] };
}

const byEnvoy = { by: 'default', of: 'Envoy' } as const;
const http2 = { value: 'http2', from: byEnvoy } as const;
const timeout = expect.stringMatching(/\.timeout: 300ms$/);

test('a network that is cut is found out by a connect timeout and a keepalive, and what of that is late is named', () => {
  expect(whyLate(false, { protocol: http2 }).settings).toEqual([timeout]);
  expect(whyLate(true, { protocol: http2 })).toEqual({
    cause: expect.stringContaining(
      'The network was cut, which nobody is told: a new connection has 10 s to come about, and nobody asks on an open one in time whether the other side is still there.',
    ),
    settings: [
      'connection_keepalive: not set (default of Envoy)',
      'connectTimeout: 10 s (default of Istio)',
      timeout,
    ],
  });
  const soon = { connectTimeoutMs: { value: 100, from: byEnvoy } };
  const asked = (timeoutMs: number) => ({
    protocol: http2,
    keepalive: { value: { intervalMs: 100, timeoutMs }, from: byEnvoy },
  });
  expect(whyLate(true, { ...soon, ...asked(150) }).settings).toEqual([timeout]);
  expect(whyLate(true, { ...soon, ...asked(250) }).settings).toEqual([
    'connection_keepalive: every 100 ms, for 250 ms (default of Envoy)',
    timeout,
  ]);
  // HTTP/1.1 has no way to ask.
  expect(whyLate(true, soon).settings).toEqual([timeout]);
});
