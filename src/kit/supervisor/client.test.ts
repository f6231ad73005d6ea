import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { processIdentity } from '../process-identity.ts';
import { startSupervisor } from './client.ts';
import { PROCESS_RECORDS } from './protocol.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bw-supervisor-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const program = (name: string, script: string) => ({
  name,
  command: 'sh',
  args: ['-c', script],
  env: { PATH: process.env['PATH'] ?? '' },
  cwd: directory,
  log: join(directory, `${name}.log`),
});

const gone = (pid: number) =>
  eventually(async () => (processIdentity(pid) === undefined ? {} : 'it still runs'), {
    waitingFor: `process ${pid} to end`,
    timeoutMs: 5_000,
  });

test('a program runs in the marked environment, prints into its log, and is written down', async () => {
  await using supervisor = await startSupervisor(directory, { MARK: 'this-run' });
  const started = await supervisor.start(program('echo', 'echo "$MARK"'));
  expect(await started.exited).toEqual({ code: 0, signal: null });
  expect(readFileSync(join(directory, 'echo.log'), 'utf8')).toBe('this-run\n');
  const [record] = readFileSync(join(directory, PROCESS_RECORDS), 'utf8').trim().split('\n');
  expect(JSON.parse(record ?? '')).toMatchObject({ name: 'echo', pid: started.pid });
});

test('readiness loses against an early end, and the last lines are quoted', async () => {
  await using supervisor = await startSupervisor(directory, {});
  const started = await supervisor.start(program('failing', 'echo no such port; exit 3'));
  const never = new Promise(() => {});
  await expect(started.until(never)).rejects.toMatchObject({
    message: 'failing ended while it was starting (exit code 3)',
    hint: expect.stringContaining('no such port'),
  });
});

test('a program that cannot be started says why', async () => {
  await using supervisor = await startSupervisor(directory, {});
  await expect(supervisor.start({ ...program('none', ''), command: '/no/such/program' })).rejects.toThrow(
    'could not start none: spawn /no/such/program ENOENT',
  );
});

test('what a program started ends with it, and everything ends with the supervisor', async () => {
  const supervisor = await startSupervisor(directory, {});
  const parent = await supervisor.start(program('parent', 'sleep 60 & echo $!; wait'));
  const child = await eventually(
    async () => {
      const pid = Number(readFileSync(join(directory, 'parent.log'), 'utf8'));
      return pid > 0 ? { pid } : 'not yet';
    },
    { waitingFor: 'the child', timeoutMs: 5_000 },
  );
  process.kill(parent.pid, 'SIGKILL');
  await gone(child.pid);
  const other = await supervisor.start(program('other', 'sleep 60'));
  await supervisor[Symbol.asyncDispose]();
  await gone(other.pid);
});

test('when the harness is killed with SIGKILL its programs and its folder go, even a stopped program', async () => {
  const script = join(directory, 'harness.ts');
  const run = mkdtempSync(join(tmpdir(), 'bw-supervised-'));
  writeFileSync(
    script,
    `import { startSupervisor } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))};
     const supervisor = await startSupervisor(${JSON.stringify(run)}, {});
     const sleeper = await supervisor.start({ name: 's', command: 'sleep', args: ['60'], env: { PATH: process.env.PATH }, cwd: '/', log: ${JSON.stringify(join(run, 's.log'))} });
     sleeper.signal('SIGSTOP');
     console.log(sleeper.pid);
     setInterval(() => {}, 1000);`,
  );
  const harness = spawn(process.execPath, ['--no-warnings', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    harness.stdout.once('data', (line) => resolve(Number(line))),
  );
  expect(processIdentity(pid)).toBeDefined();
  harness.kill('SIGKILL');
  await gone(pid);
  await eventually(
    async () => {
      try {
        readFileSync(join(run, PROCESS_RECORDS));
        return 'the folder is still there';
      } catch {
        return {};
      }
    },
    { waitingFor: 'the folder to go', timeoutMs: 5_000 },
  );
});

test('a supervisor that dies says so, and takes nothing down with silence', async () => {
  const supervisor = await startSupervisor(directory, {});
  const sleeper = await supervisor.start(program('sleeper', 'sleep 60'));
  const { ppid } = await eventually(
    async () => {
      const stat = readFileSync(`/proc/${sleeper.pid}/stat`, 'utf8');
      return { ppid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
    },
    { waitingFor: 'the parent', timeoutMs: 1_000 },
  );
  process.kill(ppid, 'SIGKILL');
  expect(await supervisor.lost).toBe('the supervisor ended unexpectedly (SIGKILL)');
  await gone(sleeper.pid);
});
