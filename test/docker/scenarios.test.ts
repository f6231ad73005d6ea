import { afterAll, describe, expect, test } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { defects, expectFailureIn, expectTextFailure } from '../support/defects.ts';
import { containersLeft, containersMs, missing } from '../support/docker.ts';
import { plantedRestarts } from '../support/planted-restarts.ts';
import { plantedSidecars, plantedWays } from '../support/planted-sidecars.ts';

describe.skipIf(missing !== '')(`scenarios in containers${missing}`, () => {
  const workspace = new Workspace();
  afterAll(async () => {
    expect(await containersLeft(workspace, 10_000)).toEqual([]);
    workspace[Symbol.dispose]();
  });

  test.for([
    'header-routing',
    'authorization',
    'mtls',
    'mesh-faults',
    'retries-and-timeouts',
    'regional-policy',
    'canary-rollout',
    'control-plane-outage',
    'telemetry',
    'sidecar-resources',
    'restart-order',
  ])('%s passes', { timeout: containersMs }, async (scenario) => {
    const file = `scenarios/${scenario}.yaml`;
    const finished = await workspace.run(file, '--env', 'docker');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(finished.report?.gaps).toEqual([]);
  });

  test('several loads go past the mesh at once', { timeout: containersMs }, async () => {
    const finished = await workspace.run(
      'scenarios/sidecar-resources.yaml',
      ...['--env', 'docker', '--set', 'faults='],
      ...[
        '--set',
        'load=[{name: one, from: frontend, to: edge-app, rate: 30/s, duration: 8s, direct: true}, {name: two, from: frontend, to: edge-app, rate: 30/s, duration: 8s, direct: true}]',
      ],
      ...['--set', 'checks=[{kind: success-rate, during: run, atLeast: 99%}]'],
    );
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });

  test('sidecar-out-of-memory passes', { timeout: containersMs }, async () => {
    const finished = await workspace.run('scenarios/sidecar-out-of-memory.yaml', '--env', 'docker');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });

  for (const planted of plantedSidecars) {
    test(`${planted.name}: ${planted.scenario} fails`, { timeout: containersMs }, () =>
      expectTextFailure(planted, '--env', 'docker', '--profile', 'short'),
    );
  }

  for (const { name, scenario, fails, args, names } of [...plantedWays, ...plantedRestarts]) {
    test(`${name}: ${scenario} fails`, { timeout: containersMs }, async () => {
      const finished = await workspace.run(
        `scenarios/${scenario}.yaml`,
        '--env',
        'docker',
        ...args(workspace.path),
      );
      expect(finished.report?.verdict, outcome(finished)).toBe('fail');
      const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
      expect(failed.map((check) => check.kind)).toContain(fails);
      const behind = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
      expect(
        behind.map(({ setting }) => setting),
        outcome(finished),
      ).toContainEqual(expect.stringMatching(names));
    });
  }

  for (const defect of defects) {
    test(`${defect.name}: ${defect.scenario} fails`, { timeout: containersMs }, () =>
      expectFailureIn(workspace, defect, '--env', 'docker', '--profile', 'short'),
    );
  }
});
