import { afterAll, describe, expect, test } from 'vitest';
import { environments } from '../../src/environments/index.ts';
import { createProgress } from '../../src/kit/terminal.ts';
import { istio } from '../../src/meshes/istio/index.ts';
import { environmentContract } from '../environment-contract.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { defects, expectFailureIn } from '../support/defects.ts';
import { containersLeft, containersMs, missing } from '../support/docker.ts';
import { runExample } from '../support/library.ts';

/** Labs in containers in a few minutes; test/docker has the rest (npm run test:docker). */

test('what a lab in containers cannot do is refused by name, with where it can be done', async () => {
  using workspace = new Workspace();
  const inContainers = ['scenarios/zone-failover.yaml', '--env', 'docker'];
  for (const [fault, elsewhere] of [
    ['{kind: node-stopped, on: {zone: region1/zone-east}, at: 7s, for: 8s}', '--env kind'],
    ['{kind: certificate-expired, on: {workload: edge-app-east}, at: 7s, for: 8s}', '--env local'],
  ] as const) {
    const finished = await workspace.run(...inContainers, '--set', `faults=[${fault}]`);
    expect(finished.code, finished.stderr).toBe(2);
    expect(finished.stderr).toMatch(/the docker environment has no (node-stopped|certificate-expired)/);
    expect(finished.stderr).toContain(elsewhere);
  }
});

describe.skipIf(missing !== '')(`docker${missing}`, () => {
  const workspace = new Workspace();
  afterAll(async () => {
    expect(await containersLeft(workspace, 10_000)).toEqual([]);
    workspace[Symbol.dispose]();
  });

  test.for(['circuit-breaker', 'outlier-ejection', 'zone-failover'])(
    '%s passes',
    { timeout: containersMs },
    async (scenario) => {
      const file = `scenarios/${scenario}.yaml`;
      const finished = await workspace.run(file, '--env', 'docker', '--profile', 'short');
      expect(finished.report?.verdict, outcome(finished)).toBe('pass');
      expect(finished.report?.run.environment).toBe('docker');
      expect(finished.report?.gaps).toEqual([]);
    },
  );

  test('an app that knows nothing of a mesh is behind it, and nobody comes past', {
    timeout: containersMs,
  }, async () => {
    const finished = await workspace.run(
      'scenarios/no-way-past.yaml',
      '--env',
      'docker',
      '--profile',
      'short',
    );
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });

  const defect = defects.find(({ scenario }) => scenario === 'zone-failover');
  test(`${defect?.name}: zone-failover fails, and the line is named`, { timeout: containersMs }, async () => {
    // That the dark zone stays in rotation shows in half of the time.
    const short = ['load.duration=15s', 'faults.0.at=4s', 'faults.0.for=6s', 'checks.5.atMost=4s'];
    const set = short.flatMap((value) => ['--set', value]);
    if (defect) await expectFailureIn(workspace, defect, '--env', 'docker', ...set);
  });

  test('a test of one’s own has a lab as the page says', { timeout: containersMs }, async () => {
    await runExample(workspace, 'testcontainers');
    expect(await containersLeft(workspace, 0)).toEqual([]);
  });

  const progress = createProgress(process.stderr, true);
  environmentContract(() => environments.docker(istio, progress, new AbortController().signal), {
    timeoutMs: containersMs,
    controlPlaneReturns: 1,
    changes: true,
  });
});
