import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

test('two labs run side by side, answer, show up in status, and go', async () => {
  using workspace = new Workspace();
  const [first, second] = await Promise.all([
    workspace.breakwater('lab', 'up', '--json'),
    workspace.breakwater('lab', 'up', '--json'),
  ]);
  for (const up of [first, second]) {
    expect(up.code, up.stderr).toBe(0);
    const reach: string[] = JSON.parse(up.stdout).reach;
    const [, host = '', url = ''] = /curl -H 'Host: ([^']+)' (\S+)/.exec(reach.join('\n')) ?? [];
    // fetch may not set Host; a plain request may.
    const { http } = await import('../../src/kit/http.ts');
    const answer = await http(url, { headers: { host }, timeoutMs: 5_000 });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).instance).toMatch(/^edge-app-/);
  }
  const status = JSON.parse((await workspace.breakwater('lab', 'status', '--json')).stdout);
  expect(status).toHaveLength(2);
  expect(status[0].rejected).toEqual([]);
  const down = await workspace.breakwater('lab', 'down');
  expect(down.code, down.stderr).toBe(0);
  expect(processesOf(workspace.runs)).toEqual([]);
  expect((await workspace.breakwater('lab', 'status')).stdout).toContain('No lab is running');
});

test('a killed lab takes everything along', async () => {
  using workspace = new Workspace();
  const up = await workspace.breakwater('lab', 'up', '--json');
  expect(up.code, up.stderr).toBe(0);
  process.kill(JSON.parse(up.stdout).pid, 'SIGKILL');
  for (let tries = 0; tries < 100 && processesOf(workspace.runs).length > 0; tries++) await sleep(50);
  expect(processesOf(workspace.runs)).toEqual([]);
});
