import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runCommand } from './command.ts';

const env = process.env;

test('output and exit code come back, and stderr line by line', async () => {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const script = 'echo out; echo one >&2; echo two >&2; exit 7';
  const result = await runCommand('/bin/sh', ['-c', script], {
    env,
    signal,
    onStderrLine: (line) => lines.push(line),
  });
  expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'one\ntwo\n' });
  expect(lines).toEqual(['one', 'two']);
});

test('an abort ends the command and what it started', async () => {
  const controller = new AbortController();
  const pids: number[] = [];
  const running = runCommand('/bin/sh', ['-c', 'sleep 60 & echo $! >&2; echo $$ >&2; wait'], {
    env,
    signal: controller.signal,
    onStderrLine: (line) => {
      pids.push(Number(line));
      if (pids.length === 2) controller.abort();
    },
  });
  await expect(running).rejects.toThrow('aborted');
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

test('what a command leaves running ends with it', async () => {
  const { signal } = new AbortController();
  const { stdout } = await runCommand('/bin/sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], {
    env,
    signal,
  });
  await expect.poll(() => isRunning(Number(stdout))).toBe(false);
});

/** A zombie, which some containers never reap, is not running. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

test('a command runs to its end where the PATH is empty', async () => {
  const { signal } = new AbortController();
  const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo done';
  const result = await runCommand('/bin/sh', ['-c', script], { env: { PATH: '' }, signal });
  expect(result).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
});
