import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processIdentity } from '../kit/process-identity.ts';
import {
  createRunDirectory,
  findLeftovers,
  RUN_MARK,
  removeLeftover,
  runsDirectory,
} from './run-directory.ts';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'bw-runs-'));
  vi.stubEnv('BREAKWATER_RUNS', runs);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(runs, { recursive: true, force: true });
});

test('a run that is alive is no leftover, and its folder goes with it', async () => {
  {
    await using directory = await createRunDirectory('alive', 'test');
    expect(existsSync(directory.path)).toBe(true);
    expect(findLeftovers().filter(({ runId }) => runId === 'alive')).toEqual([]);
  }
  expect(existsSync(join(runs, 'alive'))).toBe(false);
});

test('a crashed run: its processes are ended by id and its folder goes; a later process with that id is spared', async () => {
  const sleeper = spawn('sleep', ['60'], { detached: true });
  const bystander = spawn('sleep', ['60'], { detached: true });
  mkdirSync(join(runs, 'crashed'));
  writeFileSync(
    join(runs, 'crashed/owner.json'),
    JSON.stringify({ pid: 1, identity: 'long ago', what: 'run x' }),
  );
  const records = [
    { name: 'sleeper', pid: sleeper.pid, identity: processIdentity(sleeper.pid ?? 0) },
    { name: 'bystander', pid: bystander.pid, identity: 'of another process' },
  ];
  writeFileSync(
    join(runs, 'crashed/processes.jsonl'),
    `${records.map((record) => JSON.stringify(record)).join('\n')}\n{"torn`,
  );
  try {
    const [leftover] = findLeftovers();
    expect(leftover).toMatchObject({ runId: 'crashed', processes: [{ name: 'sleeper', pid: sleeper.pid }] });
    const ended = new Promise((resolve) => sleeper.once('exit', resolve));
    if (leftover) await removeLeftover(leftover);
    await ended;
    expect(existsSync(join(runs, 'crashed'))).toBe(false);
    expect(processIdentity(bystander.pid ?? 0)).toBeDefined();
  } finally {
    bystander.kill('SIGKILL');
  }
});

test.runIf(process.platform === 'linux')(
  'a process is found by its mark when the folder is gone',
  async () => {
    const lost = spawn('sleep', ['60'], {
      detached: true,
      env: { ...process.env, [RUN_MARK]: join(runsDirectory(), 'lost-run') },
    });
    const ended = new Promise((resolve) => lost.once('exit', resolve));
    const leftover = findLeftovers().find(({ runId }) => runId === 'lost-run');
    expect(leftover?.processes).toEqual([{ name: 'sleep', pid: lost.pid }]);
    if (leftover) await removeLeftover(leftover);
    await ended;
  },
);
