import { describe, expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { defects, plantedRule } from '../support/defects.ts';
import { clusterMs, keptCluster, kubectl, missing } from '../support/kind.ts';

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
