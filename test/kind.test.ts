import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { environments } from '../src/environments/index.ts';
import { createProgress } from '../src/kit/terminal.ts';
import { istio } from '../src/meshes/istio/index.ts';
import { environmentContract } from './environment-contract.ts';
import { kindForTests } from './kind/settings.ts';
import { outcome, Workspace } from './support/breakwater.ts';

const kind = kindForTests();
if ('env' in kind) Object.assign(process.env, kind.env);
const missing = 'missing' in kind ? ` (skipped: ${kind.missing})` : '';
const clusterMs = 420_000;

const clusters = () =>
  spawnSync('docker', ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((name) => name.startsWith('breakwater-'));

test('a fault that only a cluster can make is refused by name on the local lab', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/zone-failover.yaml', '--set', 'faults.0.kind=node-stopped');
  expect(finished.code, finished.stderr).toBe(2);
  expect(finished.stderr).toContain('the local environment has no node-stopped');
  expect(finished.stderr).toContain('--env kind');
});

describe.skipIf(missing !== '')(`kind${missing}`, () => {
  const progress = createProgress(process.stderr, true);
  environmentContract(() => environments.kind(istio, progress, new AbortController().signal, {}), clusterMs);

  describe('runs on a cluster that is kept', () => {
    const workspace = new Workspace();
    afterAll(async () => {
      await workspace.breakwater('cleanup', '--kept');
      workspace[Symbol.dispose]();
      expect(clusters()).toEqual([]);
    }, clusterMs);

    const run = (scenario: string, ...args: string[]) =>
      workspace.run(`scenarios/${scenario}.yaml`, '--env', 'kind', '--keep', ...args);

    test.for(['circuit-breaker', 'zone-failover', 'outlier-ejection'])(
      '%s passes',
      { timeout: clusterMs },
      async (scenario) => {
        const finished = await run(scenario);
        expect(finished.report?.verdict, outcome(finished)).toBe('pass');
        expect(finished.report?.run.environment).toBe('kind');
        expect(finished.report?.gaps).toEqual([]);
        // The first run has made the cluster.
        if (scenario !== 'circuit-breaker') {
          expect(finished.report?.timing.toFirstRequestMs).toBeLessThan(20_000);
        }
      },
    );

    test('a defect in the configuration fails as it does on the local lab', {
      timeout: clusterMs,
    }, async () => {
      const file = join(workspace.path, 'planted.yaml');
      writeFileSync(
        file,
        `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: edge-app-dr }
spec:
  host: edge-app
  trafficPolicy:
    loadBalancer: { localityLbSetting: { enabled: true } }
    outlierDetection: { consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 5s, maxEjectionPercent: 10 }
`,
      );
      const finished = await run('zone-failover', '--config', file);
      expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    });
  });

  test('kill -9 in the middle of a run: the next command says what it found and removes it', {
    timeout: clusterMs,
  }, async () => {
    using workspace = new Workspace();
    const child = workspace.start(
      'run',
      'scenarios/zone-failover.yaml',
      '--env',
      'kind',
      '--reports',
      workspace.reports,
    );
    const closed = workspace.finish(child);
    const deadline = Date.now() + 120_000;
    while (clusters().length === 0 && Date.now() < deadline) await sleep(500);
    await sleep(3_000);
    child.kill('SIGKILL');
    await closed;
    const cleaned = await workspace.breakwater('cleanup');
    expect(cleaned.stdout).toMatch(/removed zone-failover-.*cluster breakwater-run-/);
    expect(clusters()).toEqual([]);
    expect((await workspace.breakwater('cleanup')).stdout).toBe('Nothing was left behind.\n');
  });
});
