import { expect, test } from 'vitest';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { explain } from './explain.ts';

/** A resource whose fields each stand on a line of their own: line 10 and one more for each step of the path. */
const resource = (kind: string, name: string, spec: object): MeshResource => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  name,
  namespace: 'default',
  value: { spec },
  file: 'mesh.yaml',
  line: 10,
  lineOf: (path) => 10 + path.length,
});

const error = (flag: string, details = '-', status = 503): Parameters<typeof explain>[0] => ({
  flag,
  details,
  destination: 'outbound|8080||edge-app.default.svc.cluster.local',
  status,
  service: 'edge-app',
});

const pool = (host: string, name: string, http1MaxPendingRequests: number) =>
  resource('DestinationRule', name, {
    host,
    trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests } } },
  });

test('overflow names both limits, where they stand, and the default of the other', () => {
  const { cause, setting, source } = explain(
    error('UO', 'upstream_reset_before_response_started{overflow}'),
    [pool('edge-app', 'edge-app', 8)],
  );
  expect(cause).toContain('connection pool to edge-app was full');
  expect(setting).toBe(
    'DestinationRule/edge-app spec.trafficPolicy.connectionPool.http.http1MaxPendingRequests: 8; DestinationRule/edge-app: connectionPool.tcp.maxConnections is not set, so it is unlimited (2^32-1)',
  );
  expect(source).toBe('mesh.yaml:15');
});

test('the most specific host wins: name, then the longer wildcard', () => {
  const all = [pool('*', 'all', 1), pool('*.default.svc.cluster.local', 'namespace', 2)];
  const limitOf = (resources: MeshResource[]) => explain(error('UO'), resources).setting;
  expect(limitOf(all)).toContain('DestinationRule/namespace');
  expect(limitOf([...all, pool('edge-app.default.svc.cluster.local', 'exact', 3)])).toContain(
    'DestinationRule/exact',
  );
  expect(limitOf([pool('edge-app-other', 'other', 4), pool('*.example.com', 'far', 5)])).toContain(
    'no DestinationRule for edge-app',
  );
});

test('a port overrides the host', () => {
  const rule = resource('DestinationRule', 'edge-app', {
    host: 'edge-app',
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: 100 } },
      portLevelSettings: [{ port: { number: 8080 }, connectionPool: { tcp: { maxConnections: 5 } } }],
    },
  });
  expect(explain(error('UO'), [rule]).setting).toContain(
    'spec.trafficPolicy.portLevelSettings[0].connectionPool.tcp.maxConnections: 5',
  );
});

test('timeouts and retries come from the route', () => {
  const route = resource('VirtualService', 'edge-app', {
    hosts: ['edge-app'],
    http: [{ timeout: '2s', retries: { attempts: 3, perTryTimeout: '500ms' } }],
  });
  expect(explain(error('UT', 'response_timeout', 504), [route])).toMatchObject({
    setting: 'VirtualService/edge-app spec.http[0].timeout: 2s',
    source: 'mesh.yaml:14',
  });
  expect(explain(error('UT', 'upstream_per_try_timeout', 504), [route]).setting).toContain(
    'perTryTimeout: 500ms',
  );
  expect(explain(error('URX'), [route]).setting).toContain('attempts: 3');
  expect(explain(error('URX'), []).setting).toContain('it is retried 2 times');
});

test('authorization names the policy, or that none allows it', () => {
  const deny = resource('AuthorizationPolicy', 'no-delete', { action: 'DENY', rules: [{}] });
  const allow = resource('AuthorizationPolicy', 'frontend-only', { rules: [{}] });
  const matched = error('-', 'rbac_access_denied_matched_policy[ns[default]-policy[no-delete]-rule[0]]', 403);
  expect(explain(matched, [deny, allow])).toMatchObject({
    cause: expect.stringContaining('no-delete forbids'),
    setting: 'AuthorizationPolicy/no-delete spec.rules[0]',
    source: 'mesh.yaml:13',
  });
  const none = error('-', 'rbac_access_denied_matched_policy[none]', 403);
  expect(explain(none, [deny, allow])).toMatchObject({ setting: 'AuthorizationPolicy/frontend-only' });
});

test('the same flag means another thing at the server', () => {
  expect(explain(error('UF'), []).cause).toContain("client's sidecar could not connect");
  expect(explain({ ...error('UF'), side: 'server' }, []).cause).toContain(
    'app of edge-app took no connection',
  );
  expect(explain(error('UF,URX'), []).cause).toContain('Retries were used up.');
});

test('who refused, and what for, takes more than the flag', () => {
  const overflow = error('UO', 'upstream_reset_before_response_started{overflow}');
  expect(explain({ ...overflow, side: 'server' }, []).cause).toContain("server's own sidecar refused");
  const handshake = 'upstream_reset_before_response_started{connection_termination|TLS_error:_CERTIFICATE}';
  expect(explain(error('UC', handshake), [])).toMatchObject({
    cause: expect.stringContaining('could not agree on TLS'),
    setting: expect.stringContaining('tls.mode'),
  });
  const rule = resource('DestinationRule', 'edge-app', {
    host: 'edge-app',
    subsets: [
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { version: 'v2' } },
    ],
  });
  const destination = 'outbound|8080|v2|edge-app.default.svc.cluster.local';
  expect(explain({ ...error('UH', 'no_healthy_upstream'), destination }, [rule])).toMatchObject({
    cause: expect.stringContaining('the subset v2 of edge-app'),
    setting: expect.stringMatching(/^DestinationRule\/edge-app spec\.subsets\[1\]\.labels: {"version":"v2"}/),
    source: 'mesh.yaml:14',
  });
});

test("the app's own answers, and a retry that was refused", () => {
  expect(explain(error('-', 'via_upstream'), [])).toMatchObject({
    cause: 'The app of edge-app itself answered 503.',
    setting: expect.stringContaining('outlierDetection is not set'),
  });
  expect(explain(error('UO', 'via_upstream'), []).setting).toContain('maxRetries');
});

test.each([
  'UO',
  'UH',
  'UF',
  'UC',
  'UT',
  'URX',
  'UPE',
  'LR',
  'UR',
  'DC',
  'FI',
  'DI',
  'NR',
  'NC',
  'RL',
  'UAEX',
  'SI',
  'DT',
  'OM',
  'XX',
  '-',
])('has words for %s with and without configuration', (flag) => {
  for (const resources of [
    [],
    [resource('DestinationRule', 'odd', {}), resource('VirtualService', 'odd', { http: 3 })],
  ]) {
    const { cause, setting } = explain(error(flag), resources);
    expect(cause).toMatch(/^[A-Z].*[.]$/);
    expect(setting).not.toBe('');
  }
});
