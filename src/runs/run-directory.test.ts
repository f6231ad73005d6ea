import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processIdentity } from '../kit/process-identity.ts';
import { recordCluster } from './clusters.ts';
import {
  createRunDirectory,
  findLeftovers,
  RUN_MARK,
  removeLeftover,
  runsDirectory,
  takeOverRunDirectory,
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

test('what is no run is left alone, whatever folder somebody has named for runs', async () => {
  mkdirSync(join(runs, 'thesis'));
  writeFileSync(join(runs, 'thesis', 'chapter-1.txt'), 'years of work');
  writeFileSync(join(runs, 'notes.txt'), 'more of it');
  expect(findLeftovers()).toEqual([]);
  expect(readdirSync(runs).sort()).toEqual(['notes.txt', 'thesis']);
});

test('a folder is in nobody’s way while its owner is being written down, and a leftover when that stops', async () => {
  const unfinished = join(runs, '.new-slow');
  mkdirSync(unfinished);
  expect(findLeftovers()).toEqual([]);
  const longAgo = Date.now() / 1_000 - 3_600;
  utimesSync(unfinished, longAgo, longAgo);
  expect(findLeftovers()).toMatchObject([{ runId: '.new-slow' }]);
});

test('a run that is just starting is never a leftover', async () => {
  const seen = new Set<string>();
  const sweeping = setInterval(() => {
    for (const { runId } of findLeftovers()) seen.add(runId);
  }, 0);
  const ids = Array.from({ length: 100 }, (_, round) => `run-${round}`);
  for (const id of ids) await createRunDirectory(id, 'test');
  clearInterval(sweeping);
  expect([...seen]).toEqual([]);
  expect(readdirSync(runs).sort()).toEqual(ids.sort());
});

test('a run that turns out to be alive is not removed: a lab changes hands', async () => {
  mkdirSync(join(runs, 'lab'));
  writeFileSync(
    join(runs, 'lab/owner.json'),
    JSON.stringify({ pid: 1, identity: 'long ago', what: 'lab up' }),
  );
  const [leftover] = findLeftovers();
  expect(leftover).toMatchObject({ runId: 'lab', what: 'lab up' });
  await using directory = await takeOverRunDirectory('lab', 'lab of x');
  expect(leftover && (await removeLeftover(leftover))).toBe(false);
  expect(existsSync(directory.path)).toBe(true);
});

test('whoever made the folder leaves it to the process that took it over', async () => {
  {
    await using directory = await createRunDirectory('lab', 'lab up');
    writeFileSync(join(directory.path, 'owner.json'), JSON.stringify({ pid: 1, what: 'the keeper' }));
  }
  expect(readFileSync(join(runs, 'lab/owner.json'), 'utf8')).toContain('the keeper');
});

test('a folder of runs is closed when it is made, and what is in it wherever it is', async () => {
  const made = join(runs, 'made');
  vi.stubEnv('BREAKWATER_RUNS', made);
  await using directory = await createRunDirectory('run', 'test');
  expect(statSync(made).mode & 0o777).toBe(0o700);
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
});

test('to look at a folder of runs changes nothing of it', () => {
  for (const mode of [0o700, 0o755, 0o711]) {
    chmodSync(runs, mode);
    expect(runsDirectory()).toBe(runs);
    expect(findLeftovers()).toEqual([]);
    expect(statSync(runs).mode & 0o777).toBe(mode);
  }
});

test('a folder of runs that another has put there, or may put things in, is refused with what to do', () => {
  const refusal = (why: RegExp) =>
    expect.objectContaining({
      name: 'OperatorError',
      exitCode: 4,
      message: expect.stringMatching(why),
      hint: expect.stringContaining('BREAKWATER_RUNS'),
    });
  vi.stubEnv('BREAKWATER_RUNS', join(runs, 'link'));
  symlinkSync(tmpdir(), join(runs, 'link'));
  expect(() => findLeftovers()).toThrow(refusal(/is no folder but a file or a link/));

  const shared = join(runs, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  vi.stubEnv('BREAKWATER_RUNS', shared);
  expect(() => findLeftovers()).toThrow(refusal(/is shared between users/));
  expect(statSync(shared).mode & 0o7777).toBe(0o1777);

  vi.stubEnv('BREAKWATER_RUNS', runs);
  vi.spyOn(process, 'getuid').mockReturnValue(4_321);
  try {
    expect(() => findLeftovers()).toThrow(refusal(/belongs to user \d+, not to you/));
  } finally {
    vi.restoreAllMocks();
  }
});

test('a cluster is removed by the docker that made it, and no program is run because a file names it', async () => {
  const program = (name: string) => {
    const path = join(runs, name);
    // Says what it was asked, and that there is no container.
    writeFileSync(path, `#!/bin/sh\necho "$@" >> ${path}.log\n`, { mode: 0o755 });
    return path;
  };
  const [configured, planted] = [program('.configured'), program('.planted')];
  mkdirSync(join(runs, 'dead'));
  writeFileSync(join(runs, 'dead/owner.json'), JSON.stringify({ pid: 0, identity: 'nobody', what: 'test' }));
  const madeWith = (docker: string) =>
    recordCluster(join(runs, 'dead'), { name: 'breakwater-run-1', kept: false }, docker);
  vi.stubEnv('DOCKER_HOST', '');
  vi.stubEnv('DOCKER_CONTEXT', '');
  await madeWith(planted);
  const leftover = findLeftovers().find(({ runId }) => runId === 'dead');
  expect(leftover).toMatchObject({ clusters: ['breakwater-run-1'] });
  if (!leftover) return;

  vi.stubEnv('BREAKWATER_KIND_DOCKER', configured);
  await expect(removeLeftover(leftover)).rejects.toMatchObject({
    message: `the cluster breakwater-run-1 was made with BREAKWATER_KIND_DOCKER=${planted}, and this command uses BREAKWATER_KIND_DOCKER=${configured}`,
    hint: expect.stringContaining(`BREAKWATER_KIND_DOCKER=${planted} npx breakwater cleanup`),
  });
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
  await madeWith(configured);
  vi.stubEnv('DOCKER_HOST', '');
  await expect(removeLeftover(leftover)).rejects.toMatchObject({
    message:
      'the cluster breakwater-run-1 was made with DOCKER_HOST=tcp://127.0.0.1:1, and this command uses DOCKER_HOST=',
    hint: expect.stringContaining('DOCKER_HOST=tcp://127.0.0.1:1 npx breakwater cleanup'),
  });
  expect(existsSync(`${configured}.log`)).toBe(false);

  const nowhere = join(runs, '.nowhere');
  await madeWith(nowhere);
  vi.stubEnv('BREAKWATER_KIND_DOCKER', nowhere);
  await expect(removeLeftover(leftover)).rejects.toMatchObject({
    message: expect.stringMatching(/cluster breakwater-run-1 could not be removed: .*nowhere/),
    hint: expect.stringContaining('BREAKWATER_KIND_DOCKER'),
  });
  expect(existsSync(leftover.directory)).toBe(true);

  await madeWith(configured);
  vi.stubEnv('BREAKWATER_KIND_DOCKER', configured);
  await removeLeftover(leftover);
  expect(readFileSync(`${configured}.log`, 'utf8')).toContain('breakwater-run-1');
  expect(existsSync(`${planted}.log`)).toBe(false);
  expect(existsSync(leftover.directory)).toBe(false);
});

test('a cluster that a live run uses is not removed with an older run that left it half made', async () => {
  await using live = await createRunDirectory('live', 'run again');
  const record = (directory: string, kept: boolean) =>
    recordCluster(directory, { name: 'breakwater-keep-1', kept }, join(runs, '.nowhere'));
  await record(live.path, true);
  mkdirSync(join(runs, 'dead'));
  writeFileSync(join(runs, 'dead/owner.json'), JSON.stringify({ pid: 0, identity: 'nobody', what: 'test' }));
  await record(join(runs, 'dead'), false);
  const [leftover] = findLeftovers();
  expect(leftover).toMatchObject({ runId: 'dead', clusters: ['breakwater-keep-1'] });
  if (leftover) await removeLeftover(leftover);
  expect(existsSync(join(runs, 'dead'))).toBe(false);
  expect(existsSync(live.path)).toBe(true);
});

test('the folder of a run whose cluster could not be removed stays, and is found', async () => {
  const directory = await createRunDirectory('stuck', 'run stuck');
  await recordCluster(directory.path, { name: 'breakwater-run-2', kept: false }, 'docker');
  await directory[Symbol.asyncDispose]();
  expect(existsSync(directory.path)).toBe(true);
  // Once its process has ended.
  writeFileSync(join(directory.path, 'owner.json'), JSON.stringify({ pid: 0, identity: 'nobody', what: '' }));
  expect(findLeftovers()).toMatchObject([{ runId: 'stuck', clusters: ['breakwater-run-2'] }]);
});
