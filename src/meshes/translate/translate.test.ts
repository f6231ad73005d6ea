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
