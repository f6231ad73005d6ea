import { expect, test } from 'vitest';
import { parseConfiguration } from './configuration-resources.ts';
import { poolSettings } from './pool-limits.ts';

const calls = { from: 'web', to: 'cart', namespace: 'shop' };

const rule = (spec: string, name = 'cart', namespace = 'shop') => `# ours
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  host: cart
${spec}`;

const pool = `  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 100 # measured in spring
        connectTimeout: 1s
`;

const found = (...contents: string[]) => {
  const files = contents.map((content, index) => ({
    file: `${index}.yaml`,
    path: `/${index}.yaml`,
    content,
  }));
  const { resources, problems } = parseConfiguration(files, 'shop');
  expect(problems).toEqual([]);
  return poolSettings.ruleFor(resources, calls);
};

test('what is written is found, and whether requests share connections', () => {
  expect(found(rule(pool))).toMatchObject({
    written: { 'tcp.maxConnections': 100 },
    upgrades: false,
    resource: { name: 'cart', file: '0.yaml' },
  });
  const upgraded =
    '  trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: UPGRADE, http2MaxRequests: 9 } } }\n';
  expect(found(rule(upgraded))).toMatchObject({ written: { 'http.http2MaxRequests': 9 }, upgrades: true });
  const streams = upgraded.replace('h2Upgrade', 'maxConcurrentStreams: 8, h2Upgrade');
  expect(found(rule(streams))?.streams).toBe('0.yaml:7');
  expect(found()).toBeUndefined();
  expect(found(rule(pool).replace('host: cart', 'host: other'))).toBeUndefined();
});

test('nought is no limit, as Istio has it, and a port with settings of its own takes none of the pool', () => {
  const nought =
    '  trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 0, http2MaxRequests: 3 } } }\n';
  expect(found(rule(nought))?.written).toEqual({ 'http.http2MaxRequests': 3 });
  const ports = `${pool}    portLevelSettings:\n    - port: { number: 8080 }\n      loadBalancer: { simple: LEAST_REQUEST }\n`;
  expect(() => found(rule(ports))).toThrow('portLevelSettings.0 has settings of its own');
});

test('limits are set in the text, and nothing else is changed', () => {
  const text = rule(pool);
  const own = found(text);
  if (own === undefined) throw new Error('no rule');
  const limits = { 'tcp.maxConnections': 22, 'http.http1MaxPendingRequests': 3 };
  expect(poolSettings.withLimits(text, own, calls, limits)).toBe(
    `${text.replace('maxConnections: 100', 'maxConnections: 22')}      http:\n        http1MaxPendingRequests: 3\n`,
  );
});

test('a rule for a service that has none, and what is to be changed of one, are configuration', () => {
  const limits = { 'tcp.maxConnections': 22 };
  const { text, name } = poolSettings.newRule(calls, limits);
  expect(name).toEqual({ kind: 'DestinationRule', namespace: 'shop', name: 'cart' });
  expect(found(text)?.written).toEqual(limits);
  expect(poolSettings.patch(calls, limits)).toBe(
    'spec:\n  trafficPolicy:\n    connectionPool:\n      tcp:\n        maxConnections: 22\n',
  );
});

test.each([
  [
    'two rules for the service',
    [rule(pool), rule(pool, 'other')],
    '1.yaml:6: DestinationRule shop/other is for cart.shop',
  ],
  [
    'a rule for all services',
    [rule(pool).replace('host: cart', 'host: "*.shop.svc.cluster.local"')],
    'limits would hold for other services too',
  ],
  [
    'settings of a port',
    [rule('  trafficPolicy: { portLevelSettings: [{ port: { number: 8080 } }] }\n')],
    'portLevelSettings.0 has settings of its own',
  ],
  [
    'a subset with a pool',
    [rule('  subsets: [{ name: v1, trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } }]\n')],
    'spec.subsets.0.trafficPolicy.connectionPool has settings of its own',
  ],
])('%s cannot be tuned', (_, contents, words) => {
  expect(() => found(...contents)).toThrow(words);
});

test('limits in a list of resources would change more of the file than themselves', () => {
  const text =
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: DestinationRule\n  metadata: {name: cart}\n  spec: {host: cart}\n';
  const own = found(text);
  if (own === undefined) throw new Error('no rule');
  expect(() => poolSettings.withLimits(text, own, calls, { 'tcp.maxConnections': 1 })).toThrow(
    'cannot be set without changing more',
  );
});
