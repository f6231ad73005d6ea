import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { defects, plantedRule } from '../support/defects.ts';
import { clusterMs, keptCluster, kubectl, missing } from '../support/kind.ts';

/** Shop calls stock on its second port, where it speaks HTTP/2. */
const apps = `name: apps
description: A chain of apps, a second port and HTTP/2.
topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    shop:
      app: { calls: [{ to: stock, port: 9090, path: /items }], keepAlive: 5s }
      workloads: [{ name: shop, locality: region1/zone-east }]
    stock:
      extraPorts: [9090]
      app: { protocol: http2, serviceTime: "constant:20ms", bytes: 2000, maxAge: 60s }
      workloads: [{ name: stock, locality: region1/zone-east, replicas: 2 }]
load: { from: frontend, to: shop, rate: 30/s, duration: 10s, warmup: 1s, maxLatency: 2s }
probes:
  - { name: second, from: frontend, to: stock, port: 9090, every: 300ms, expect: { status: 200, answeredBy: { service: stock } } }
faults:
  - { kind: error, on: { workload: stock, replica: 1 }, at: 4s, for: 3s }
checks:
  - { name: the chain, kind: success-rate, during: fault, atLeast: 99% }
  - { name: steady, kind: success-rate, during: steady, atLeast: 99% }
  - { name: second port, kind: expectations, probe: second, during: steady }
`;

const rounds = Number(process.env['BREAKWATER_TEST_ROUNDS'] ?? 1);

describe.skipIf(missing !== '')(`scenarios on a kept cluster${missing}`, () => {
  const { workspace, run } = keptCluster();

  for (let round = 1; round <= rounds; round++) {
    test.for(['circuit-breaker', 'outlier-ejection', 'zone-failover'])(
      `%s passes, round ${round} of ${rounds}`,
      { timeout: clusterMs },
      async (scenario) => {
        const finished = await run(scenario);
        console.log(
          `${scenario} ${round}: ${finished.report?.verdict}, first request after ${finished.report?.timing.toFirstRequestMs} ms`,
        );
        expect(finished.report?.verdict, outcome(finished)).toBe('pass');
      },
    );
  }

  for (const { name, scenario, fails, plant } of defects) {
    test(`${name}: ${scenario} fails`, { timeout: clusterMs }, async () => {
      const file = plantedRule(workspace.path, scenario, (rule) => plant(rule.spec.trafficPolicy));
      const finished = await run(scenario, '--config', file);
      expect(finished.report?.verdict, outcome(finished)).toBe('fail');
      const failed = finished.report?.checks.filter(({ status }) => status === 'fail');
      if (fails !== undefined) expect(failed?.map(({ kind }) => kind)).toContain(fails);
    });
  }

  test('apps call onward over HTTP/2 to a second port, and the report follows a failure to where it began', {
    timeout: clusterMs,
  }, async () => {
    const file = join(workspace.path, 'apps.yaml');
    writeFileSync(file, apps);
    const finished = await workspace.run(file, '--env', 'kind', '--keep');
    const { checks = [], errors = [], topology } = finished.report ?? {};
    const statusOf = (wanted: string) => checks.find(({ name }) => name === wanted)?.status;
    expect(statusOf('steady'), outcome(finished)).toBe('pass');
    expect(statusOf('second port'), outcome(finished)).toBe('pass');
    expect(statusOf('the chain'), outcome(finished)).toBe('fail');
    expect(errors.find(({ status }) => status === 502)).toMatchObject({
      host: 'stock-1',
      cause: 'The app of shop failed, since its call to stock got 503. The app of stock itself answered 503.',
    });
    expect(topology?.edges.map(({ from, to }) => `${from} ${to}`)).toEqual(
      expect.arrayContaining(['frontend-1 shop-1', 'shop-1 stock-1', 'shop-1 stock-2']),
    );
  });

  test('a replica that is started while the control plane is gone keeps no fault from its end', {
    timeout: clusterMs,
  }, async () => {
    const faults = [
      '{kind: control-plane-outage, at: 3s, for: 20s}',
      '{kind: kill, on: {workload: edge-app-east, replica: 1}, at: 6s, for: 4s}',
    ];
    const finished = await run(
      'zone-failover',
      ...['--set', 'load.duration=30s', '--set', 'load.rate=50/s', '--set', `faults=[${faults}]`],
      ...['--set', 'checks=[{kind: success-rate, during: run, atLeast: 50%}]'],
    );
    const [outage, kill] = finished.report?.faults ?? [];
    expect(kill?.efficacy.status, outcome(finished)).toBe('proven');
    expect(kill?.revertedAtMs, outcome(finished)).toBeLessThan((outage?.revertedAtMs ?? Number.NaN) - 5_000);
  });

  test('a pod that is killed for longer than Kubernetes waits for a silent node takes no other along', {
    timeout: clusterMs,
  }, async () => {
    const ready = `jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}`;
    const seen = new Set<string>();
    const looking = setInterval(() => {
      try {
        for (const state of kubectl(['get', 'nodes', '--output', ready]).split('\n')) seen.add(state);
      } catch {
        // There is no cluster yet.
      }
    }, 2_000);
    const fault = '{kind: kill, on: {workload: edge-app-east, replica: 1}, at: 4s, for: 70s}';
    const finished = await run(
      'zone-failover',
      ...['--set', 'load.duration=80s', '--set', 'load.rate=50/s', '--set', `faults=[${fault}]`],
      ...['--set', 'checks=[{kind: success-rate, during: run, atLeast: 50%}]'],
    );
    clearInterval(looking);
    expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
    expect(finished.report?.gaps, outcome(finished)).toEqual([]);
    expect(seen).toContain('True');
    expect(seen).not.toContain('Unknown');
  });

  test.for(['node-stopped', 'scaled-to-zero', 'control-plane-outage'])(
    'the fault %s is proven and taken back',
    { timeout: clusterMs },
    async (kind) => {
      const fault = {
        'node-stopped': '{kind: node-stopped, on: {zone: region1/zone-east}, at: 6s, for: 8s}',
        'scaled-to-zero': '{kind: scaled-to-zero, on: {workload: edge-app-east}, at: 6s, for: 8s}',
        'control-plane-outage': '{kind: control-plane-outage, at: 6s, for: 8s}',
      }[kind];
      const finished = await run(
        'zone-failover',
        '--set',
        `faults=[${fault}]`,
        '--set',
        'checks=[{kind: success-rate, during: run, atLeast: 50%}]',
      );
      expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
      const reverted = finished.report?.validity.find(({ rule }) => rule === 'faults-reverted');
      expect(reverted?.status, outcome(finished)).toBe('ok');
    },
  );
});
