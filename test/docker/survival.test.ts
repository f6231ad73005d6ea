import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Workspace } from '../support/breakwater.ts';
import { containersLeft, containersMs, docker, labsInDocker, missing } from '../support/docker.ts';
import { processesOf } from '../support/processes.ts';

const points = Number(process.env['BREAKWATER_TEST_POINTS'] ?? 5);
/** On a machine with time to spare it is a few seconds. */
const goneWithinMs = 30_000;
/** After the first thing is in Docker, to the middle of the fault; early moments, when things are half acquired, are dense. */
const [earliestMs, latestMs] = [100, 30_000];

const images = () => docker('image', 'ls', '--all', '--quiet', '--no-trunc').stdout.split('\n').sort();
const folders = ({ runs }: Workspace) => (existsSync(runs) ? readdirSync(runs) : []);

describe.skipIf(missing !== '')(`what a killed run leaves in Docker${missing}`, () => {
  test(`nothing, wherever it was: ${points} points`, {
    timeout: points * 90_000,
  }, async () => {
    const before = images();
    for (let point = 0; point < points; point++) {
      using workspace = new Workspace();
      const atMs = Math.round(earliestMs * (latestMs / earliestMs) ** Math.random());
      const file = 'scenarios/zone-failover.yaml';
      const harness = workspace.start('run', file, '--env', 'docker', '--reports', workspace.reports);
      const closed = workspace.finish(harness);
      // One in five is killed before anything is there.
      const deadline = Date.now() + (point % 5 === 4 ? 0 : 120_000);
      while (labsInDocker(workspace).length === 0 && Date.now() < deadline) await sleep(100);
      await sleep(atMs);
      harness.kill('SIGKILL');
      const killed = performance.now();
      const had = labsInDocker(workspace).length;
      const left = await containersLeft(workspace, goneWithinMs);
      const tookMs = Math.round(performance.now() - killed);
      console.log(`killed ${atMs} ms later, with ${had} things in Docker: gone after ${tookMs} ms`);
      expect(left, `killed after ${atMs} ms`).toEqual([]);
      // It looks on for a while: what was asked for before the end may be made after it.
      await expect
        .poll(() => [...folders(workspace), ...processesOf(workspace.runs)], { timeout: goneWithinMs })
        .toEqual([]);
      expect(labsInDocker(workspace)).toEqual([]);
      await closed;
    }
    expect(images()).toEqual(before);
  });

  test('when what would remove them is killed as well, cleanup does', { timeout: containersMs }, async () => {
    using workspace = new Workspace();
    const file = 'scenarios/zone-failover.yaml';
    const harness = workspace.start('run', file, '--env', 'docker', '--reports', workspace.reports);
    const closed = workspace.finish(harness);
    const deadline = Date.now() + 60_000;
    while (labsInDocker(workspace).length < 8 && Date.now() < deadline) await sleep(200);
    const remover = processesOf(workspace.runs).filter(({ command }) => command.includes('remover-main'));
    expect(remover.length).toBeGreaterThan(0);
    harness.kill('SIGSTOP');
    for (const { pid } of remover) process.kill(pid, 'SIGKILL');
    harness.kill('SIGKILL');
    await closed;
    expect(labsInDocker(workspace).length).toBeGreaterThan(0);
    const told = await workspace.breakwater('cleanup', '--dry-run');
    expect(told.stdout).toMatch(/would remove zone-failover-\S+ \(run zone-failover\)/);
    const cleaned = await workspace.breakwater('cleanup');
    expect(cleaned.code, cleaned.stderr).toBe(0);
    expect(labsInDocker(workspace)).toEqual([]);
    expect(folders(workspace)).toEqual([]);
  });
});
