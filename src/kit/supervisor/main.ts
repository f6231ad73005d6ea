/**
 * The supervisor: a small process that starts every program of a run as its own child, and ends
 * them all when the harness goes away, however it goes: the IPC channel closes even on SIGKILL.
 * When it is killed itself, its watchdog does that (see watchdog.ts): it waits for the pipe WATCHDOG_FD to close.
 *
 * argv: DIRECTORY (of the run; removed when the harness vanished without saying so).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity, signalGroup } from '../process-identity.ts';
import { PROCESS_RECORDS, type ProcessRecord, type Reply, type Request, WATCHDOG_FD } from './protocol.ts';

const [directory = ''] = process.argv.slice(2);
if (directory === '' || process.send === undefined) {
  process.stderr.write('The supervisor is started by breakwater, not by hand.\n');
  process.exit(2);
}
const records = join(directory, PROCESS_RECORDS);
const children = new Map<number, ChildProcess>();
let ending = false;
/** Whether the harness vanished without saying so. */
let abandoned = false;

// Ctrl-C reaches the harness, which ends things in order; the supervisor outlives it to finish the job.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

/** Ends the supervisor when there is nothing left to watch over. */
function leave(): never {
  if (abandoned) rmSync(directory, { recursive: true, force: true });
  try {
    writeSync(WATCHDOG_FD, 'over\n');
  } catch {
    // gone already
  }
  process.exit(0);
}

function tell(reply: Reply): void {
  if (process.connected) process.send?.(reply, () => {});
}

function start(request: Extract<Request, { do: 'spawn' }>): void {
  let log: number | undefined;
  try {
    log = openSync(request.log, 'a');
    const child = spawn(request.command, request.args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: true, // a process group of its own, so that what it starts ends with it
      stdio: ['ignore', log, log],
    });
    child.on('error', (error) => {
      if (child.pid === undefined) tell({ did: 'not-spawned', id: request.id, error: error.message });
    });
    if (child.pid === undefined) return;
    const { pid } = child;
    children.set(request.id, child);
    const record: ProcessRecord = { name: request.name, pid, identity: processIdentity(pid) };
    appendFileSync(records, `${JSON.stringify(record)}\n`);
    child.on('exit', (code, signal) => {
      // A program that dies takes its helpers along: Envoy must not outlive its agent.
      signalGroup(pid, 'SIGKILL');
      children.delete(request.id);
      tell({ did: 'exited', id: request.id, code, signal });
      if (ending && children.size === 0) leave();
    });
    tell({ did: 'spawned', id: request.id, pid });
  } catch (error) {
    tell({
      did: 'not-spawned',
      id: request.id,
      error: error instanceof Error ? error.message : String(error),
    });
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function endAll(): void {
  ending = true;
  for (const child of children.values()) {
    if (child.pid !== undefined) {
      signalGroup(child.pid, 'SIGCONT');
      signalGroup(child.pid, 'SIGKILL');
    }
  }
  if (children.size === 0) leave();
}

process.on('message', (request: Request) => {
  switch (request.do) {
    case 'spawn':
      if (!ending) start(request);
      break;
    case 'signal': {
      const pid = children.get(request.id)?.pid;
      if (pid !== undefined) signalGroup(pid, request.signal);
      break;
    }
    case 'terminate':
      children.get(request.id)?.kill('SIGTERM');
      break;
    case 'end':
      process.removeAllListeners('disconnect');
      endAll();
      break;
  }
});

process.on('disconnect', () => {
  abandoned = true;
  endAll();
});

tell({ did: 'started' });
