import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { http } from '../../src/kit/http.ts';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

/** Sets maxConnections to 7 in the folder that the lab names, and waits for what the client's sidecar makes of it. */
async function afterEdit(reach: readonly string[]): Promise<number> {
  const file = join(reach.at(-1)?.trim() ?? '', 'under-test.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/maxConnections: \d+/, 'maxConnections: 7'));
  const admin = /http:\S+/.exec(reach.find((line) => line.includes('frontend-1')) ?? '')?.[0];
  let limit = 0;
  for (let tries = 0; tries < 100 && limit !== 7; tries++) {
    await sleep(50);
    const { body } = await http(`${admin}/clusters`, { timeoutMs: 2_000 });
    limit = Number(/edge-app\.\S+::default_priority::max_connections::(\d+)/.exec(body)?.[1]);
  }
  return limit;
}

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
    const answer = await http(url, { headers: { host }, timeoutMs: 5_000 });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).instance).toMatch(/^edge-app-/);
  }
  expect(await afterEdit(JSON.parse(first.stdout).reach)).toBe(7);
  const status = JSON.parse((await workspace.breakwater('lab', 'status', '--json')).stdout);
  expect(status).toHaveLength(2);
  expect(status[0].rejected).toEqual([]);
  const down = await workspace.breakwater('lab', 'down');
  expect(down.code, down.stderr).toBe(0);
  expect(processesOf(workspace.runs)).toEqual([]);
  expect((await workspace.breakwater('lab', 'status')).stdout).toContain('No lab is running');
});

/** Waits until a live page shows something; whoever looks has it look. */
async function shown(url: string, pattern: RegExp): Promise<void> {
  const patience = AbortSignal.timeout(30_000);
  const response = await fetch(`${url}views`, { signal: patience });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (pattern.test(text)) return;
    // Each view is whole: the one before is not looked at again.
    text = text.slice(Math.max(0, text.lastIndexOf('\n\n')));
  }
}

test('a live page shows who uses a lab, and takes it down', async () => {
  using workspace = new Workspace();
  const up = await workspace.breakwater('lab', 'up', '--live', '--json');
  expect(up.code, up.stderr).toBe(0);
  const { reach, live }: { readonly reach: string[]; readonly live: string } = JSON.parse(up.stdout);
  const [, host = '', url = ''] = /curl -H 'Host: ([^']+)' (\S+)/.exec(reach.join('\n')) ?? [];
  for (let sent = 0; sent < 7; sent += 1) await http(url, { headers: { host }, timeoutMs: 5_000 });
  await shown(live, /<dt>Requests<\/dt><dd><b>7<\/b>/);
  expect((await workspace.breakwater('lab', 'status')).stdout).toContain(`live ${live}`);
  const stop = await fetch(`${live}stop`, { method: 'POST', headers: { 'x-breakwater-stop': 'yes' } });
  expect(stop.status).toBe(204);
  for (let tries = 0; tries < 100 && processesOf(workspace.runs).length > 0; tries++) await sleep(50);
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
