import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

const untilGoneMs = 10_000;

const runs = (workspace: Workspace) =>
  processesOf(workspace.runs).filter(({ command }) => !/^npm /.test(command));

describe.skipIf(!existsSync('/proc/self'))('npm alone is ended', () => {
  // At SIGINT it waits for its child, which hears nothing of it: there is nothing to notice.
  test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('by %s: mesh and load end', async (signal) => {
    using workspace = new Workspace();
    const args = [
      'exec',
      '--',
      'breakwater',
      'run',
      'scenarios/zone-failover.yaml',
      '--reports',
      workspace.reports,
    ];
    const npm = spawn('npm', args, {
      cwd: root,
      env: { ...process.env, BREAKWATER_RUNS: workspace.runs, NO_COLOR: '1', CI: '1' },
      // In a group of its own: nothing that is sent here reaches its children by the way.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    npm.stderr.on('data', (chunk) => {
      said += chunk;
    });
    while (!said.includes('preparing the load') && npm.exitCode === null) await sleep(50);
    expect(runs(workspace).length, said).toBeGreaterThan(5);
    npm.kill(signal);
    const deadline = Date.now() + untilGoneMs;
    while (runs(workspace).length > 0 && Date.now() < deadline) await sleep(100);
    expect(runs(workspace), said).toEqual([]);
    expect(said).toContain('Interrupted');
  });
});
