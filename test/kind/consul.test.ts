import { describe, expect, test } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { outcome } from '../support/breakwater.ts';
import { clusterMs, keptCluster, kubectl, missing } from '../support/kind.ts';
import { plantedOnConsul } from '../support/planted-consul.ts';

const onConsul = ['--mesh', 'consul', '--profile', 'short'] as const;

describe.skipIf(missing !== '')(`Consul on a kept cluster${missing}`, () => {
  const { workspace, run } = keptCluster();

  test.for(['circuit-breaker', 'outlier-ejection', 'header-routing', 'retries-and-timeouts'])(
    '%s passes',
    { timeout: clusterMs },
    async (scenario) => {
      const finished = await run(scenario, ...onConsul);
      expect(finished.report?.verdict, outcome(finished)).toBe('pass');
      expect(finished.report?.run).toMatchObject({ mesh: 'consul 1.16.1', environment: 'kind' });
      expect(finished.report?.gaps).toEqual([]);
    },
  );

  test.for(
    plantedOnConsul.filter(({ scenario }) =>
      ['circuit-breaker', 'outlier-ejection', 'header-routing'].includes(scenario),
    ),
  )('$scenario: $name', { timeout: clusterMs }, async ({ scenario, fails, names, args }) => {
    const finished = await run(scenario, ...onConsul, ...args(workspace.path));
    expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
    expect(failed.map(({ kind }) => kind)).toContain(fails);
    const said = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
    expect(said.map(({ setting }) => setting).join('\n'), outcome(finished)).toMatch(
      new RegExp(names.source, 'm'),
    );
  });

  test('a workload that is scaled away and back has other addresses, which callers hear of', {
    timeout: clusterMs,
  }, async () => {
    const fault = '{kind: scaled-to-zero, on: {workload: edge-app-east}, at: 6s, for: 8s}';
    const checks = '{kind: share, during: recovery, after: 4s, of: {workload: edge-app-east}, atLeast: 20%}';
    const finished = await run(
      'outlier-ejection',
      ...['--mesh', 'consul', '--set', 'load.duration=30s'],
      ...['--set', `faults=[${fault}]`, '--set', `checks=[${checks}]`],
    );
    expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });

  test('Istio and Consul take turns on one cluster, and neither finds anything of the other', {
    timeout: 2 * clusterMs,
  }, async () => {
    const istio = await run('circuit-breaker', '--profile', 'short');
    expect(istio.report?.verdict, outcome(istio)).toBe('pass');
    expect(kubectl(['get', 'pods', '--namespace', 'consul', '--output', 'name'])).toBe('');
    const consul = await run('circuit-breaker', ...onConsul);
    expect(consul.report?.verdict, outcome(consul)).toBe('pass');
    const containers = 'jsonpath={.items[*].spec.containers[*].name}';
    expect(kubectl(['get', 'pods', '--output', containers])).not.toContain('istio-proxy');
  });

  // Of one zone: it gets a cluster of its own, beside which kubectl of the others would be lost.
  test('who has no sidecar is refused, and services see whom they allow', {
    timeout: clusterMs,
  }, async () => {
    // Nobody replaces the authority of an agent in a cluster.
    const finished = await run(
      'mtls',
      ...onConsul,
      ...['--set', 'faults=[]', '--set', 'load.duration=7s', '--set', 'load.rate=30/s'],
    );
    // Pass, or a machine that was late.
    expect([0, 3], outcome(finished)).toContain(finished.code);
  });
});
