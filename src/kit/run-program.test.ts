import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processIdentity } from './process-identity.ts';
import { howItEnded, type ProgramRun, runProgram } from './run-program.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bw-programs-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shell = (script: string, more: Partial<ProgramRun> = {}) =>
  runProgram({ program: '/bin/sh', args: ['-c', script], group: 'own', ...more });

describe.each(['shared', 'own', 'tied'] as const)('a program in a group that is %s', (group) => {
  test('comes to its end: output and exit code come back, and stderr line by line', async () => {
    const lines: string[] = [];
    const result = await shell('echo out; echo one >&2; echo two >&2; exit 7', {
      group,
      onStderrLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ ended: 'failed', exitCode: 7, stdout: 'out\n', stderr: 'one\ntwo\n' });
    expect(lines).toEqual(['one', 'two']);
    expect(await shell('printf done', { group })).toEqual({ ended: 'ok', stdout: 'done', stderr: '' });
  });

  test('gets its arguments and its environment as they are', async () => {
    const args = ['%s|', '$HOME', '`id`', "it's", '', 'a b', '-x'];
    const result = await runProgram({ program: '/usr/bin/printf', args, group });
    expect(result.stdout).toBe("$HOME|`id`|it's||a b|-x|");
    const { stdout } = await runProgram({ program: '/usr/bin/env', args: [], env: { ONLY: 'this' }, group });
    expect(stdout.split('\n')).toContain('ONLY=this');
    expect(stdout).not.toContain('HOME=');
  });

  test('is not there, or may not be started', async () => {
    const own = { args: [], group } as const;
    expect(await runProgram({ ...own, program: 'no-such-program' })).toMatchObject({ ended: 'missing' });
    expect(await runProgram({ ...own, program: join(directory, 'none') })).toMatchObject({
      ended: 'missing',
    });
    const plain = join(directory, 'plain');
    writeFileSync(plain, '');
    expect(await runProgram({ ...own, program: plain })).toMatchObject({ ended: 'refused', code: 'EACCES' });
    expect(await runProgram({ ...own, program: directory })).toMatchObject({ ended: 'refused' });
  });

  test('is cut off when it takes too long, with what it said so far', async () => {
    const slow = await shell('echo so far; sleep 60', { group, timeoutMs: 300 });
    expect(slow).toEqual({ ended: 'timeout', timeoutMs: 300, stdout: 'so far\n', stderr: '' });
    expect(howItEnded(slow)).toBe('was not done after 0.3 s');
  });

  test('is cut off when it prints for ever', async () => {
    const flood = await runProgram({ program: 'yes', args: [], group, mostCharacters: 1024 * 1024 });
    expect(flood).toMatchObject({ ended: 'flooded' });
    expect(howItEnded(flood)).toBe('printed more than 1 Mi characters');
  });

  test('ends when its signal aborts, and the reason is what is thrown', async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const running = shell('echo up >&2; sleep 60', {
      group,
      signal: controller.signal,
      onStderrLine: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    await expect(shell('true', { group, signal: controller.signal })).rejects.toBe(reason);
  });
});

test('somebody else’s signal is named', async () => {
  expect(await shell('kill -9 $$')).toMatchObject({ ended: 'killed', by: 'SIGKILL' });
});

test('a program reads its input, and nothing when there is none', async () => {
  expect((await shell('cat', { input: 'a text' })).stdout).toBe('a text');
  expect((await shell('cat')).stdout).toBe('');
});

test('a tied command runs to its end where the PATH is empty', async () => {
  const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo done';
  const result = await shell(script, { env: { PATH: '' }, group: 'tied' });
  expect(result).toEqual({ ended: 'ok', stdout: 'done\n', stderr: '' });
});

test.each(['own', 'tied'] as const)('an abort ends a program (%s) and what it started', async (group) => {
  const controller = new AbortController();
  const pids: number[] = [];
  const running = shell('sleep 60 & echo $! >&2; echo $$ >&2; wait', {
    group,
    signal: controller.signal,
    onStderrLine: (line) => {
      pids.push(Number(line));
      if (pids.length === 2) controller.abort();
    },
  });
  await expect(running).rejects.toThrow('aborted');
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

test.each(['own', 'tied'] as const)('what a program (%s) leaves running ends with it', async (group) => {
  const { stdout } = await shell('sleep 60 >/dev/null 2>&1 & echo $!', { group });
  await expect.poll(() => isRunning(Number(stdout))).toBe(false);
});

test('a tied program ends when this process is killed', async () => {
  const script = join(directory, 'harness.ts');
  writeFileSync(
    script,
    `import { runProgram } from ${JSON.stringify(join(import.meta.dirname, 'run-program.ts'))};
     await runProgram({ program: '/bin/sh', args: ['-c', 'echo $$ >&2; sleep 60'], group: 'tied', onStderrLine: console.log });`,
  );
  chmodSync(script, 0o644);
  const harness = spawn(process.execPath, ['--no-warnings', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((said) => harness.stdout.once('data', (line) => said(Number(line))));
  expect(isRunning(pid)).toBe(true);
  harness.kill('SIGKILL');
  await expect.poll(() => isRunning(pid)).toBe(false);
});

const isRunning = (pid: number) => processIdentity(pid) !== undefined;
