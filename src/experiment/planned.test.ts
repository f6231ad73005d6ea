import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { examineScenario } from './examine.ts';
import { planExperiment } from './planned.ts';

const scenario = join(resolve(import.meta.dirname, '../..'), 'scenarios/circuit-breaker.yaml');
const withVersion = (version: string) => ({ set: [`mesh.version=${version}`], config: [] });

test('a scenario is planned for the version of the mesh that it names', async () => {
  const { mesh, plan } = await planExperiment(scenario, withVersion('1.28.3'));
  expect(mesh).toMatchObject({ name: 'istio', version: '1.28.3' });
  expect(plan.meshVersion).toBe('1.28.3');
  const usual = await planExperiment(scenario, { set: [], config: [] });
  expect(usual.mesh.version).toBe('1.29.1');
});

test.each([
  ['1.30.0', /mesh\.version: Breakwater does not run Istio 1\.30\.0/],
  ['1.28.9', /mesh\.version: Breakwater has no pins for Istio 1\.28\.9/],
  ['1.28', /mesh\.version: /],
])('version %s is one mistake, at its place', async (version, message) => {
  const error = await planExperiment(scenario, withVersion(version)).catch((caught) => caught);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  expect(error.problems).toHaveLength(1);
});

test('a scenario without a version has no mistake for it', async () => {
  expect((await examineScenario(scenario)).problems).toEqual([]);
});
