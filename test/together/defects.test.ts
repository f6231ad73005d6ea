import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { defects, plantedRule } from '../support/defects.ts';

for (const { name, scenario, fails, plant } of defects) {
  test.concurrent(`${name}: ${scenario} fails`, async () => {
    using workspace = new Workspace();
    const file = plantedRule(workspace, scenario, (rule) => plant(rule.spec.trafficPolicy));
    const finished = await workspace.run(`scenarios/${scenario}.yaml`, '--config', file);
    expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    expect(finished.code).toBe(1);
    const failed = finished.report?.checks.filter(({ status }) => status === 'fail').map(({ kind }) => kind);
    if (fails !== undefined) expect(failed).toContain(fails);
  });
}

test('a typo in the host is found before anything runs', async () => {
  using workspace = new Workspace();
  const file = plantedRule(workspace, 'circuit-breaker', (rule) => {
    rule.spec.host = 'edge-ap';
  });
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', '--config', file);
  expect(finished.code).toBe(2);
  expect(finished.stderr).toMatch(/planted\.yaml:\d+:\d+.*edge-ap/);
  expect(finished.stderr).toContain('edge-app');
  expect(finished.report).toBeUndefined();
});
