import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { meshOf } from '../index.ts';
import { translateToConsul, translateToIstio } from './index.ts';

const rules = resolve(import.meta.dirname, '../../../scenarios/mesh');
const fileIn = (name: string) => {
  const path = join(rules, name);
  return { file: name, path, content: readFileSync(path, 'utf8') };
};
const filesOf = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([file, content]) => ({ file, path: `/${file}`, content }));

test('limits of a rule become those of who calls, and what Consul has nothing for is listed with its line', async () => {
  const { files, losses } = await translateToConsul([fileIn('circuit-breaker.yaml')], ['frontend']);
  expect(JSON.parse(files['service-defaults-frontend.json'] ?? '')).toMatchObject({
    UpstreamConfig: {
      Overrides: [
        {
          Name: 'edge-app',
          Limits: { MaxConnections: 100, MaxPendingRequests: 50 },
          // Which would be on otherwise.
          PassiveHealthCheck: { EnforcingConsecutive5xx: 0 },
        },
      ],
    },
  });
  expect(losses).toEqual([
    {
      file: 'circuit-breaker.yaml',
      line: 15,
      path: 'spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection',
      why: expect.stringContaining('how many requests a connection carries'),
    },
  ]);
});

test('retries and time limits become a router, without the limit of one attempt', async () => {
  const { files, losses } = await translateToConsul([fileIn('retries-and-timeouts.yaml')], ['frontend']);
  expect(JSON.parse(files['service-router-edge-app.json'] ?? '').Routes).toEqual([
    {
      Destination: { RequestTimeout: '1s', NumRetries: 2, RetryOn: ['5xx', 'reset', 'connect-failure'] },
    },
  ]);
  expect(losses.map(({ path }) => path)).toEqual(['spec.http[0].retries.perTryTimeout']);
});

test('shares behind a match are told, since in Consul they belong to a service', async () => {
  const split = fileIn('canary-10.yaml');
  const content = split.content.replace(
    '    - route:',
    '    - match: [{ headers: { track: { exact: blue } } }]\n      route:',
  );
  const { untranslated } = await translateToConsul([{ ...split, content }], ['frontend']);
  expect(untranslated).toEqual([
    { service: 'edge-app', why: expect.stringContaining('split behind a match') },
  ]);
});

test('what the other mesh does without being asked is not lost', async () => {
  const { losses } = await translateToConsul([fileIn('outlier-ejection.yaml')], ['frontend']);
  expect(losses).toEqual([]);
});

test('a condition that Consul has no word for is told, and not written', async () => {
  const rule = fileIn('retries-and-timeouts.yaml');
  const content = rule.content.replace('5xx,reset,connect-failure', '5xx,retriable-headers,503');
  const { files, untranslated } = await translateToConsul([{ ...rule, content }], ['frontend']);
  expect(JSON.parse(files['service-router-edge-app.json'] ?? '').Routes[0].Destination).toMatchObject({
    RetryOn: ['5xx'],
    RetryOnStatusCodes: [503],
  });
  expect(untranslated).toEqual([
    { service: 'edge-app', why: expect.stringContaining('retries for retriable-headers') },
  ]);
});

const translatedEntry = async (content: string) => {
  const { files, losses } = await translateToIstio([{ file: 'a.hcl', path: '/a.hcl', content }]);
  return { text: Object.values(files).join('\n'), lost: losses.map(({ path }) => path) };
};

test('no retries in Consul is one in fact, since Envoy has that where nothing is said', async () => {
  const { text } = await translatedEntry(
    'Kind = "service-router"\nName = "web"\nRoutes = [{ Destination { NumRetries = 0 RetryOnStatusCodes = [500] } }]',
  );
  expect(text).toContain('attempts: 1');
});

test.each([
  'Service.Meta.version != v2',
  '"primary" in Service.Tags',
  'Service.Meta.a == b or Service.Meta.c == d',
])('a subset of hosts that labels cannot tell is lost: %s', async (filter) => {
  const { text, lost } = await translatedEntry(
    `Kind = "service-resolver"\nName = "web"\nSubsets { one { Filter = ${JSON.stringify(filter)} } }`,
  );
  expect(lost).toEqual(['Subsets.one.Filter']);
  expect(text).toContain('labels: {}');
});

test('ejection that Consul has by default is written out, and failover to subsets is listed', async () => {
  const { files, losses } = await translateToIstio([fileIn('consul/zone-failover.yaml')]);
  expect(files['DestinationRule-edge-app.yaml']).toContain('maxEjectionPercent: 100');
  expect(losses.map(({ path }) => path)).toEqual(['DefaultSubset', 'Failover']);
});

/** Routes of one VirtualService as Consul has them, and why others are not among them. */
async function routesOnConsul(...http: readonly object[]) {
  const rule = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'odd' },
    spec: { hosts: ['web'], http },
  };
  const file = { file: 'odd.yaml', path: '/odd.yaml', content: JSON.stringify(rule) };
  const { files, losses, untranslated } = await translateToConsul([file], ['frontend']);
  const { problems } = (await meshOf('consul')).lintConfiguration(filesOf(files));
  expect(problems).toEqual([]);
  const read = (name: string) => JSON.parse(files[`${name}-web.json`] ?? '{}');
  return {
    routes: read('service-router').Routes ?? [],
    splits: read('service-splitter').Splits ?? [],
    lost: [...losses.map(({ path, why }) => `${path}: ${why}`), ...untranslated.map(({ why }) => why)],
  };
}

const toWeb = { route: [{ destination: { host: 'web' } }], retries: { attempts: 0 } };

test.each([
  ['delegate', { delegate: { name: 'child' } }],
  ['redirect', { redirect: { uri: '/new' } }],
  ['directResponse', { directResponse: { status: 404 } }],
  ['route[0].destination.host', { route: [{ destination: { host: 'api.example.com' } }] }],
])(
  'a route that Consul cannot have is left out and not made one to the service itself: %s',
  async (at, route) => {
    const match = [{ uri: { prefix: '/old' } }];
    const { routes, lost } = await routesOnConsul({ match, ...route }, toWeb);
    expect(routes).toEqual([{ Destination: { RequestTimeout: '24h' } }]);
    expect(lost).toHaveLength(1);
    expect(lost[0]?.startsWith(`spec.http[0].${at}: `), lost[0]).toBe(true);
    expect(lost[0]).toContain('this route is left out');
  },
);

test('a condition of which a part would be lost is left out, since more would fit without it', async () => {
  const { routes, lost } = await routesOnConsul(
    {
      match: [
        { uri: { prefix: '/a' }, sourceLabels: { app: 'frontend' } },
        { uri: { exact: '/b' }, withoutHeaders: { 'x-old': {} }, queryParams: { page: { exact: '2' } } },
      ],
      ...toWeb,
    },
    { match: [{ ignoreUriCase: true, uri: { exact: '/c' } }], ...toWeb },
  );
  expect(routes).toEqual([
    {
      Match: {
        HTTP: {
          PathExact: '/b',
          Header: [{ Name: 'x-old', Present: true, Invert: true }],
          QueryParam: [{ Name: 'page', Exact: '2' }],
        },
      },
      Destination: { RequestTimeout: '24h' },
    },
  ]);
  expect(lost).toEqual([
    'spec.http[0].match[0].sourceLabels: a service-router is for all callers; what this is to match is left out',
    expect.stringMatching(
      /^spec\.http\[1\]\.match\[0\]\.ignoreUriCase: .*; what this is to match is left out$/,
    ),
  ]);
});

test('shares come to 100 on Consul, and are whole numbers on Istio', async () => {
  const to = (host: string, weight: number) => ({ destination: { host }, weight });
  const { splits } = await routesOnConsul({ route: [to('web', 1), to('a', 1), to('b', 1)] });
  expect(splits.map(({ Weight }: { Weight: number }) => Weight)).toEqual([33.34, 33.33, 33.33]);
  const { text } = await translatedEntry(
    'Kind = "service-splitter"\nName = "web"\nSplits = [{ Weight = 33.34 }, { Weight = 66.66 Service = "a" }]',
  );
  expect(text).toMatch(/weight: 3334\n[\s\S]*weight: 6666\n/);
});

test('hosts that are no one service of the mesh are told', async () => {
  const rule = (host: string) => ({
    file: 'a.yaml',
    path: '/a.yaml',
    content: `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: "${host}", trafficPolicy: { loadBalancer: { simple: PASSTHROUGH } } }\n`,
  });
  for (const host of ['*.local', 'api.example.com']) {
    const { files, losses } = await translateToConsul([rule(host)], ['frontend']);
    expect([files, losses.map(({ path }) => path)]).toEqual([{}, ['spec.host']]);
  }
  const { files, losses } = await translateToConsul([rule('web.shop.svc.cluster.local')], ['frontend']);
  expect(Object.keys(files)).toEqual(['service-defaults-frontend.json']);
  expect(losses).toMatchObject([{ why: 'Consul has no such balancing' }]);
});

test('another beginning of a path is written where a beginning is matched, and told where an expression is', async () => {
  const { routes, lost } = await routesOnConsul(
    { match: [{ uri: { regex: '/a/.*' } }], rewrite: { uri: '/b' }, ...toWeb },
    { rewrite: { uri: '/c' }, ...toWeb },
  );
  expect(routes).toEqual([
    { Match: { HTTP: { PathRegex: '/a/.*' } }, Destination: { RequestTimeout: '24h' } },
    { Match: { HTTP: { PathPrefix: '/' } }, Destination: { PrefixRewrite: '/c', RequestTimeout: '24h' } },
  ]);
  expect(lost).toEqual(['/b in place of what a regular expression matches']);
});

test('a match of Consul of which Istio cannot say a part is left out as well', async () => {
  const { text, lost } = await translatedEntry(`Kind = "service-router"
Name = "web"
Routes = [
  { Match { HTTP { Header = [{ Name = "x" Suffix = "z" }] } } Destination { Service = "a" } },
  { Match { HTTP { Header = [{ Name = "x" Present = true Invert = true }] QueryParam = [{ Name = "q" Present = true }] } } }
]
`);
  expect(lost).toEqual(['Routes[0].Match.HTTP.Header[0].Suffix']);
  expect(text).not.toContain('host: a');
  expect(text).toContain('withoutHeaders:\n            x: {}');
  expect(text).toContain('q:\n              regex: .*');
});

test('balancing by a hash is written by hand on Istio, and a limit of 0 is none', async () => {
  const { text, lost } = await translatedEntry(
    'Kind = "service-resolver"\nName = "web"\nLoadBalancer { Policy = "maglev" }',
  );
  expect(lost).toEqual(['LoadBalancer']);
  expect(text).not.toContain('MAGLEV');
  const limits = await translatedEntry(
    'Kind = "service-defaults"\nName = "frontend"\nUpstreamConfig { Overrides { Name = "web" Limits { MaxConnections = 0 } } }',
  );
  expect(limits.text).not.toContain('maxConnections');
});

const consulFiles = readdirSync(join(rules, 'consul')).filter((name) => !/authorization|mtls/.test(name));

test.each(consulFiles)('%s is sound on the other side, and comes back as it was', async (name) => {
  const there = await translateToIstio([fileIn(join('consul', name))]);
  const files = filesOf(there.files);
  const { problems } = (await meshOf('istio')).lintConfiguration(files);
  expect(problems).toEqual([]);
  const back = await translateToConsul(files, ['frontend']);
  const again = await translateToIstio(filesOf(back.files));
  expect((await meshOf('consul')).lintConfiguration(filesOf(back.files)).problems).toEqual([]);
  for (const [file, text] of Object.entries(there.files)) expect(again.files[file]).toBe(text);
});
