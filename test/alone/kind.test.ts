import { describe, expect, test } from 'vitest';
import { environments } from '../../src/environments/index.ts';
import { createProgress } from '../../src/kit/terminal.ts';
import { istio } from '../../src/meshes/istio/index.ts';
import { settingsBehind } from '../../src/report/words.ts';
import { environmentContract } from '../environment-contract.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { defects, plantedRule } from '../support/defects.ts';
import { clusterMs, keptCluster, missing } from '../support/kind.ts';
import { plantedOnConsul } from '../support/planted-consul.ts';

/** The kind environment in a few minutes, on one cluster; test/kind has the rest (npm run test:kind). */

test('a fault that only a cluster can make is refused by name on the local lab', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/zone-failover.yaml', '--set', 'faults.0.kind=node-stopped');
  expect(finished.code, finished.stderr).toBe(2);
  expect(finished.stderr).toContain('the local environment has no node-stopped');
  expect(finished.stderr).toContain('--env kind');
});

describe.skipIf(missing !== '')(`kind${missing}`, () => {
  const { workspace, run } = keptCluster();

  test('zone-failover passes on a cluster of its own making', { timeout: clusterMs }, async () => {
    const finished = await run('zone-failover');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(finished.report?.run.environment).toBe('kind');
    expect(finished.report?.gaps).toEqual([]);
  });

  test('a defect in the configuration fails as on the local lab, on the kept cluster', {
    timeout: clusterMs,
  }, async () => {
    const defect = defects.find(({ scenario }) => scenario === 'zone-failover');
    const file = plantedRule(workspace.path, 'zone-failover', (rule) =>
      defect?.plant(rule.spec.trafficPolicy),
    );
    // That the dark zone stays in rotation shows in half of the time.
    const short = ['load.duration=15s', 'faults.0.at=4s', 'faults.0.for=6s', 'checks.5.atMost=4s'];
    const set = short.flatMap((value) => ['--set', value]);
    const finished = await run('zone-failover', '--config', file, ...set);
    expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    expect(finished.report?.timing.toFirstRequestMs).toBeLessThan(30_000);
  });

  test('limits for Consul that belong to the wrong service are named with their line, on the cluster that Istio had', {
    timeout: clusterMs,
  }, async () => {
    const defect =
      plantedOnConsul.find(({ name }) => name.startsWith('limits in the service-defaults')) ?? expect.fail();
    const args = ['--mesh', 'consul', '--profile', 'short', ...defect.args(workspace.path)];
    const finished = await run(defect.scenario, ...args);
    expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    expect(finished.report?.run.mesh).toBe('consul 1.16.1');
    const said = (finished.report?.checks ?? [])
      .flatMap(({ reason }) => settingsBehind(reason ?? {}))
      .filter(({ setting }) => defect.names.test(setting));
    expect(said.map(({ source }) => source).join('\n'), outcome(finished)).toMatch(/planted\.hcl:\d+/);
  });

  const progress = createProgress(process.stderr, true);
  environmentContract(
    () => environments.kind(istio, progress, new AbortController().signal, { keep: true }),
    { timeoutMs: clusterMs, controlPlaneReturns: 1, changes: false },
  );
});
