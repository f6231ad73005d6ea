import { expect, test } from 'vitest';
import { readEffective } from '../../meshes/istio/effective/index.ts';
import { recorded, recording } from '../../meshes/istio/effective/testing/recordings.ts';
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
