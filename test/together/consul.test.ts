import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { plantedOnConsul } from '../support/planted-consul.ts';

const onConsul = ['--mesh', 'consul', '--profile', 'short'] as const;

test('a scenario passes on Consul with what its rules for Istio come to there', {
  timeout: 180_000,
}, async () => {
  using workspace = new Workspace();
  const rules = join(workspace.path, 'rules');
  const translated = await workspace.breakwater(
    'translate',
    'scenarios/mesh/circuit-breaker.yaml',
    ...['--to', 'consul', '--caller', 'frontend', '--out', rules],
  );
  expect(translated.code, outcome(translated)).toBe(0);
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', ...onConsul, '--config', rules);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.run.mesh).toBe('consul 1.16.1');
  expect(finished.report?.timing.toFirstRequestMs).toBeLessThan(20_000);
  expect(finished.report?.effective).toBeDefined();
});

test('no request fails when the agent is gone and comes back', { timeout: 180_000 }, async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/control-plane-outage.yaml', ...onConsul);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});

test('calls of bytes are told from the connections by which the agent looks at sidecars', {
  timeout: 180_000,
}, async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/tcp.yaml', ...onConsul);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.notes.join('\n')).toMatch(/\d connections to edge-app-1.*showed no certificate/);
});

test('limits that belong to the wrong service are named with their line', { timeout: 180_000 }, async () => {
  using workspace = new Workspace();
  const defect =
    plantedOnConsul.find(({ name }) => name.startsWith('limits in the service-defaults')) ?? expect.fail();
  const finished = await workspace.run(
    `scenarios/${defect.scenario}.yaml`,
    ...onConsul,
    ...defect.args(workspace.path),
  );
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
  expect(failed.map(({ kind }) => kind)).toContain(defect.fails);
  const said = failed
    .flatMap(({ reason }) => settingsBehind(reason ?? {}))
    .filter(({ setting }) => defect.names.test(setting));
  expect(said.map(({ source }) => source).join('\n'), outcome(finished)).toMatch(/planted\.hcl:\d+/);
});

test('what an agent cannot do in a cluster is refused there by name, with the reason', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(
    'scenarios/outlier-ejection.yaml',
    ...['--mesh', 'consul', '--env', 'kind'],
    ...['--set', 'faults=[{kind: control-plane-outage, at: 4s, for: 4s}]'],
    ...['--set', 'checks=[{kind: success-rate, during: run, atLeast: 50%}]'],
  );
  expect(finished.code, outcome(finished)).toBe(2);
  expect(finished.stderr).toContain(
    'faults.0.kind: unsupported here, because an agent in a cluster keeps nothing beyond its pod',
  );
  expect(finished.stderr).toContain('run it with --env local');
});
