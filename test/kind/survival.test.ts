import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { clusterMs, clusters, missing } from '../support/kind.ts';
import { processesOf } from '../support/processes.ts';

const scenario = ['run', 'scenarios/zone-failover.yaml', '--env', 'kind'];

/** Those of the clusters' containers that run. */
const running = () =>
  spawnSync('docker', ['ps', '--format', '{{.Names}}'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((name) => name.startsWith('breakwater-'));

/** Starts a run and waits until `there` says that it has got far enough. */
async function started(workspace: Workspace, there: (said: string) => boolean, ...args: readonly string[]) {
  const child = workspace.start(...scenario, ...args, '--reports', workspace.reports);
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const closed = workspace.finish(child);
  const deadline = Date.now() + clusterMs / 2;
  while (!there(said) && Date.now() < deadline && child.exitCode === null) await sleep(200);
  return { child, closed };
}

describe.skipIf(missing !== '')(`survival on kind${missing}`, () => {
  // One that a failed test has left would fail the next.
  afterEach(async () => {
    using workspace = new Workspace();
    await workspace.breakwater('cleanup', '--kept');
  }, clusterMs);

  test('Ctrl-C under load: the cluster goes, and there is a report of what there was', {
    timeout: clusterMs,
  }, async () => {
    using workspace = new Workspace();
    const { child, closed } = await started(workspace, (said) => /zone-outage: .*goes dark/.test(said));
    child.kill('SIGINT');
    const finished = await closed;
    expect(finished.code, finished.stderr).toBe(130);
    expect(finished.report?.verdict).toBe('invalid');
    expect(clusters()).toEqual([]);
    expect(processesOf(workspace.runs)).toEqual([]);
    expect(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).toEqual([]);
  });

  test('Ctrl-C while a kept cluster has lost nodes: it has them again', {
    timeout: clusterMs,
  }, async () => {
    using workspace = new Workspace();
    const stopped = ['--keep', '--set', 'faults.0.kind=node-stopped'];
    const { child, closed } = await started(
      workspace,
      (said) => /stops with its node/.test(said),
      ...stopped,
    );
    // Taking the nodes away takes docker a moment.
    await sleep(2_000);
    child.kill('SIGINT');
    const finished = await closed;
    expect(finished.code, finished.stderr).toBe(130);
    expect(finished.stderr).toContain('taking back what the faults did to the cluster');
    expect(running().sort()).toEqual(clusters().sort());
    await workspace.breakwater('cleanup', '--kept');
    expect(clusters()).toEqual([]);
  });

  test('kill -9: the next command says what it found and removes it', { timeout: clusterMs }, async () => {
    using workspace = new Workspace();
    const { child, closed } = await started(workspace, () => clusters().length > 0);
    await sleep(3_000);
    child.kill('SIGKILL');
    await closed;
    const cleaned = await workspace.breakwater('cleanup');
    expect(cleaned.stdout).toMatch(/removed zone-failover-.*cluster breakwater-run-/);
    expect(clusters()).toEqual([]);
    expect((await workspace.breakwater('cleanup')).stdout).toBe('Nothing was left behind.\n');
  });

  test('kill -9 in a zone outage on a kept cluster: the next run mends it, and passes', {
    timeout: 2 * clusterMs,
  }, async () => {
    using workspace = new Workspace();
    const { child, closed } = await started(
      workspace,
      (said) => /zone-outage: .*goes dark/.test(said),
      '--keep',
    );
    await sleep(2_000);
    child.kill('SIGKILL');
    await closed;
    const again = await workspace.breakwater(...scenario, '--keep', '--reports', workspace.reports);
    expect(again.stderr).toMatch(/removed what zone-failover-\S+ had left behind/);
    expect(again.stderr).toContain('using the cluster breakwater-keep-');
    // What the killed run has left would show as gaps, as hosts too many, or as a late generator.
    expect(again.report?.verdict, outcome(again)).toBe('pass');
    await workspace.breakwater('cleanup', '--kept');
    expect(clusters()).toEqual([]);
  });

  test('lab up and lab down on kind', { timeout: clusterMs }, async () => {
    using workspace = new Workspace();
    const up = await workspace.breakwater('lab', 'up', '--env', 'kind', '--json');
    expect(up.code, up.stderr).toBe(0);
    expect(JSON.parse(up.stdout).reach.join('\n')).toContain('kubectl');
    expect(clusters().length).toBeGreaterThan(0);
    const down = await workspace.breakwater('lab', 'down');
    expect(down.code, down.stderr).toBe(0);
    expect(clusters()).toEqual([]);
  });
});
