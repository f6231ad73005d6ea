import { expect, test } from 'vitest';
import { Workspace } from '../support/breakwater.ts';
import { defects, expectFailure, plantedRule } from '../support/defects.ts';

// That of the circuit breaker is among the tests that run alone: its clients wait for a second each, and with other
// meshes beside it the generator is late.
for (const defect of defects.filter(({ scenario }) => scenario !== 'circuit-breaker')) {
  // Half of the scenario's rate: three of them run at once.
  test.concurrent(`${defect.name}: ${defect.scenario} fails`, () =>
    expectFailure(defect, '--set', 'load.rate=100/s'));
}

test('a typo in the host is found before anything runs', async () => {
  using workspace = new Workspace();
  const file = plantedRule(workspace.path, 'circuit-breaker', (rule) => {
    rule.spec.host = 'edge-ap';
  });
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', '--config', file);
  expect(finished.code).toBe(2);
  expect(finished.stderr).toMatch(/planted\.yaml:\d+:\d+.*edge-ap/);
  expect(finished.stderr).toContain('edge-app');
  expect(finished.report).toBeUndefined();
});
