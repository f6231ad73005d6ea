import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Analysis } from '../../src/analysis/analyse.ts';
import type { Planned } from '../../src/experiment/planned.ts';
import { TrialFolder } from '../support/trials.ts';

/** Shop calls stock on its second port, where it speaks HTTP/2. */
const scenario = `name: apps
description: A chain of apps, a second port and HTTP/2.
topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    shop:
      app: { calls: [{ to: stock, port: 9090, path: /items }] }
      workloads: [{ name: shop, locality: region1/zone-east }]
    stock:
      extraPorts: [9090]
      app: { protocol: http2, serviceTime: "constant:20ms", bytes: 2000, maxAge: 60s }
      workloads: [{ name: stock, locality: region1/zone-east, replicas: 2 }]
load:
  - { name: chain, from: frontend, to: shop, rate: 60/s, duration: 6s, warmup: 500ms }
  - { name: direct, from: frontend, to: stock, rate: 30/s, duration: 6s, warmup: 500ms }
probes:
  - { name: through, from: frontend, to: shop, every: 300ms, expect: { status: 200 } }
  - { name: second, from: frontend, to: stock, port: 9090, every: 300ms, expect: { status: 200, answeredBy: { service: stock } } }
faults:
  - { kind: error, on: { workload: stock, replica: 1 }, at: 3s, for: 2s }
checks:
  - { name: the chain, kind: success-rate, load: chain, during: fault, atLeast: 99% }
  - { name: steady, kind: success-rate, during: steady, atLeast: 99% }
  - { name: direct, kind: success-rate, load: direct, during: steady, atLeast: 99% }
  - { name: refused, kind: overflow, load: chain, during: run, atLeast: 20 }
  - { name: second port, kind: expectations, probe: second, during: steady }
  - { name: through, kind: expectations, probe: through, during: fault }
`;

/**
 * Many: a retry looks for another host six times and then takes the one it had, and the one that fails at once has
 * the fewest requests, so it is found again about once in five tries.
 */
const retries = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: stock }
spec:
  hosts: [stock]
  http:
    - retries: { attempts: 9, retryOn: 5xx }
      route: [{ destination: { host: stock } }]
`;

/** One request at a time on the second port, and no limit on the first. */
const limit = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: stock }
spec:
  host: stock
  trafficPolicy:
    portLevelSettings:
      - port: { number: 9090 }
        connectionPool:
          http: { http2MaxRequests: 1 }
`;

test('a chain of apps fails where its last one does, is retried in the middle, and limited on one port', async () => {
  using folder = new TrialFolder();
  const planned = await folder.plan(scenario);
  const { topology, trial } = planned.plan;
  const wanted = (name: string, content: string) => ({
    name,
    configuration: configurationOf(planned, folder.path, name, content),
    trial,
  });
  const [plain, retried, limited] = await folder.run(planned, topology, [
    { name: 'plain', configuration: planned.configuration, trial },
    wanted('retried', retries),
    wanted('limited', limit),
  ]);
  for (const each of [plain, retried, limited]) {
    const violated = each?.validity.filter(({ status }) => status === 'violated') ?? [];
    expect(violated.filter(({ rule }) => wholeEvidence.includes(rule))).toEqual([]);
    expect(each?.faults[0]?.efficacy.status).toBe('proven');
    expect(statusOf(each, 'direct')).toBe('pass');
  }
  expect(statusOf(plain, 'second port')).toBe('pass');

  // Nobody retries a 503: what stock answers, shop's caller gets as 502.
  const [failed] = plain?.errors.filter(({ status }) => status === 502) ?? [];
  expect(failed?.host).toBe('stock-1');
  expect(failed?.cause).toBe(
    'The app of shop failed, since its call to stock got 503. The app of stock itself answered 503.',
  );
  expect(statusOf(plain, 'steady')).toBe('pass');
  // On a machine with too much to do nothing that failed counts, and probes run out of time.
  const isLate = plain?.validity.some(
    ({ rule, status }) => status === 'violated' && ofLateness.includes(rule),
  );
  if (!isLate) expect(plain?.probes?.[0]?.rule?.text).toBe(failed?.cause);
  expect(statusOf(plain, 'the chain')).toBe(isLate ? 'invalid' : 'fail');
  const { reason } = plain?.checks.find(({ name }) => name === 'the chain') ?? {};
  if (!isLate) expect(reason?.text).toBe(failed?.cause);
  const callers = plain?.topology.edges.map(({ from, to }) => `${from} ${to}`);
  expect(callers).toEqual([
    'frontend-1 shop-1',
    'frontend-1 stock-1',
    'frontend-1 stock-2',
    'shop-1 stock-1',
    'shop-1 stock-2',
  ]);
  const tables = plain?.effective?.map(({ who, about }) => `${who}: ${about}`) ?? [];
  expect(tables).toContain('shop (region1/zone-east): calls of stock');
  expect(tables).not.toContain('shop (region1/zone-east): calls of shop');

  // Shop's sidecar hides it.
  expect(statusOf(retried, 'the chain')).toBe('pass');
  const asked = sentTo(retried, 'shop-1');
  expect(sentTo(retried, 'stock-1', 'shop-1') + sentTo(retried, 'stock-2', 'shop-1')).toBeGreaterThan(asked);

  // The limit holds for the port that shop calls, and for no other.
  expect(statusOf(limited, 'refused')).toBe('pass');
  const [refused] = limited?.errors.filter(({ flag }) => flag === 'UO') ?? [];
  expect(refused).toMatchObject({
    status: 502,
    setting: expect.stringMatching(/portLevelSettings\[0\]\.connectionPool\.http\.http2MaxRequests: 1$/),
    source: expect.stringMatching(/limited\.yaml:10$/),
  });
  // What is said for one port is in effect wherever somebody calls it.
  expect(JSON.stringify(limited?.effective)).not.toContain('not in effect');
  expect(refused?.cause).toMatch(
    /^The app of shop failed, since its call to stock got 503\. .* sidecar of shop/,
  );
});

function configurationOf({ mesh, plan }: Planned, folder: string, name: string, content: string) {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, content);
  const files = [{ file: path, path, content }];
  return {
    files,
    resources: mesh.readConfiguration(files, { topology: plan.topology, loads: [], aboutHosts: [] }),
  };
}

/** Rules that take away checks which failed. */
const ofLateness = ['generator-lag', 'generator-cpu', 'latencies-agree'];

/** Rules about what was logged and who it was, whatever else the machine had to do. */
const wholeEvidence = [
  'requests-agree',
  'answers-agree',
  'servers-agree',
  'known-hosts',
  'logs-intact',
  'fault-effect',
];

const statusOf = (analysis: Analysis | undefined, name: string) =>
  analysis?.checks.find((check) => check.name === name)?.status;

/** Requests that reached an instance in the run, of one caller or of all. */
const sentTo = (analysis: Analysis | undefined, to: string, from?: string) =>
  (analysis?.topology.edges ?? [])
    .filter((edge) => edge.to === to && (from === undefined || edge.from === from))
    .reduce((sum, { byWindow }) => sum + (byWindow['run']?.requests ?? 0), 0);
