import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, notYet } from '../eventually.ts';
import { processesWith, processIdentity } from '../process-identity.ts';
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
  eventually(async () => (processIdentity(pid) === undefined ? undefined : notYet('it still runs')), {
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
      return pid > 0 ? pid : notYet('not yet');
    },
    { waitingFor: 'the child', timeoutMs: 5_000 },
  );
  process.kill(parent.pid, 'SIGKILL');
  await gone(child);
  const other = await supervisor.start(program('other', 'sleep 60'));
  await supervisor[Symbol.asyncDispose]();
  await gone(other.pid);
});

const mark = 'BW_SUPERVISOR_TEST';
const marked = (run: string) => processesWith(mark).filter(({ value }) => value === run);

/** A harness of its own with a stopped program `s`, whose process id it tells; `more` is done before that. */
function startHarness(run: string, more: string) {
  const script = join(directory, 'harness.ts');
  writeFileSync(
    script,
    `import { startSupervisor } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))};
     const supervisor = await startSupervisor(${JSON.stringify(run)}, { ${mark}: ${JSON.stringify(run)} });
     const sleeper = await supervisor.start({ name: 's', command: 'sleep', args: ['60'], env: { PATH: process.env.PATH }, cwd: '/', log: ${JSON.stringify(join(run, 's.log'))} });
     sleeper.signal('SIGSTOP');
     ${more}
     console.log(sleeper.pid);
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ['--no-warnings', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = new Promise<{ pid: number }>((resolve) =>
    child.stdout.once('data', (line) => resolve({ pid: Number(line) })),
  );
  return { child, said, [Symbol.dispose]: () => child.kill('SIGKILL') };
}

test('when the harness is killed with SIGKILL its programs and its folder go, even a stopped program', async () => {
  const run = mkdtempSync(join(tmpdir(), 'bw-supervised-'));
  using harness = startHarness(run, '');
  const { pid } = await harness.said;
  expect(processIdentity(pid)).toBeDefined();
  harness.child.kill('SIGKILL');
  await gone(pid);
  await eventually(async () => (existsSync(run) ? notYet('the folder is still there') : undefined), {
    waitingFor: 'the folder to go',
    timeoutMs: 5_000,
  });
});

/** Kills the supervisor that has started a program. */
function killSupervisorOf({ pid }: { readonly pid: number }): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  process.kill(parent, 'SIGKILL');
  return parent;
}

const loss = 'the supervisor ended unexpectedly (SIGKILL)';

test('a supervisor that dies says so, and takes nothing down with silence', async () => {
  const supervisor = await startSupervisor(directory, {});
  const sleeper = await supervisor.start(program('sleeper', 'sleep 60'));
  const killing = sleeper.kill.bind(sleeper);
  killSupervisorOf(sleeper);
  expect(await supervisor.lost).toBe(loss);
  expect(await sleeper.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await killing();
  await gone(sleeper.pid);
  await supervisor[Symbol.asyncDispose]();
});

test('whoever starts a program, or waits for one, hears that the supervisor has died', async () => {
  const supervisor = await startSupervisor(directory, {});
  const sleeper = await supervisor.start(program('sleeper', 'sleep 60'));
  const never = new Promise<void>(() => {});
  const waiting = sleeper.until(never);
  const working = supervisor.whileThere(never);
  waiting.catch(() => {});
  working.catch(() => {});
  killSupervisorOf(sleeper);
  const during = supervisor.start(program('during', 'sleep 60'));
  const notStarted = (name: string) => ({ exitCode: 4, message: `${name} was not started: ${loss}` });
  await expect(during).rejects.toMatchObject(notStarted('during'));
  await expect(waiting).rejects.toMatchObject({ exitCode: 4, message: loss });
  await expect(working).rejects.toMatchObject({ exitCode: 4, message: loss });
  await expect(supervisor.start(program('after', 'sleep 60'))).rejects.toMatchObject(notStarted('after'));
});

test('nothing can be started by a supervisor that was ended', async () => {
  const supervisor = await startSupervisor(directory, {});
  await supervisor[Symbol.asyncDispose]();
  await expect(supervisor.start(program('late', 'true'))).rejects.toThrow('the supervisor has ended');
});

test('harness and supervisor killed at once: programs go, those that hide in a session too, and the folder', async () => {
  const run = mkdtempSync(join(tmpdir(), 'bw-supervised-'));
  // It forks to get a session. Should it end then, its group would be killed, and with it, at times, the fork.
  using harness = startHarness(
    run,
    `const hiding = { name: 'h', command: 'setsid', args: ['--wait', 'sh', '-c', 'sleep 60 & sleep 60 & wait'] };
     await supervisor.start({ ...hiding, env: { PATH: process.env.PATH }, cwd: '/', log: ${JSON.stringify(join(run, 'h.log'))} });`,
  );
  const { pid } = await harness.said;
  await eventually(async () => (marked(run).length >= 7 ? undefined : notYet('not all are there')), {
    waitingFor: 'the programs',
    timeoutMs: 20_000,
  });
  harness.child.kill('SIGSTOP');
  killSupervisorOf({ pid });
  harness.child.kill('SIGKILL');
  await gone(pid);
  await eventually(
    async () => (marked(run).length === 0 && !existsSync(run) ? undefined : notYet('something is left')),
    {
      waitingFor: 'everything to go',
      timeoutMs: 5_000,
    },
  );
});

test('harness and supervisor killed before the supervisor has begun: the folder goes', async () => {
  const run = mkdtempSync(join(tmpdir(), 'bw-supervised-'));
  const script = join(directory, 'at-once.ts');
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
     import { startSupervisor } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))};
     import { processesWith } from ${JSON.stringify(join(import.meta.dirname, '../process-identity.ts'))};
     void startSupervisor(${JSON.stringify(run)}, { ${mark}: ${JSON.stringify(run)} });
     for (const { pid } of processesWith(${JSON.stringify(mark)})) {
       const started = readFileSync(\`/proc/\${pid}/cmdline\`, 'utf8').split('\\0');
       if (started.includes(${JSON.stringify(run)}) && started.some((part) => part.includes('supervisor/main'))) process.kill(pid, 'SIGKILL');
     }
     process.kill(process.pid, 'SIGKILL');`,
  );
  const child = spawn(process.execPath, ['--no-warnings', script], { stdio: 'inherit' });
  await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  await eventually(
    async () => (marked(run).length === 0 && !existsSync(run) ? undefined : notYet('something is left')),
    {
      waitingFor: 'everything to go',
      timeoutMs: 5_000,
    },
  );
});

test('a harness that is alive keeps its folder when the supervisor is killed', async () => {
  const run = mkdtempSync(join(tmpdir(), 'bw-supervised-'));
  using harness = startHarness(run, '');
  const { pid } = await harness.said;
  killSupervisorOf({ pid });
  await gone(pid);
  await sleep(500);
  expect(existsSync(run)).toBe(true);
  harness.child.kill('SIGKILL');
  await eventually(
    async () => (marked(run).length === 0 && !existsSync(run) ? undefined : notYet('something is left')),
    {
      waitingFor: 'everything to go',
      timeoutMs: 5_000,
    },
  );
});

test('a supervisor that ends in order takes its watchdog along', async () => {
  const supervisor = await startSupervisor(directory, { [mark]: directory });
  expect(marked(directory).length).toBeGreaterThanOrEqual(2);
  await supervisor[Symbol.asyncDispose]();
  await eventually(async () => (marked(directory).length === 0 ? undefined : notYet('it still runs')), {
    waitingFor: 'the watchdog to go',
    timeoutMs: 1_000,
  });
});
