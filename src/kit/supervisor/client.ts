import { type ChildProcess, spawn } from 'node:child_process';
import { environmentError, type OperatorError } from '../errors.ts';
import { processIdentity } from '../process-identity.ts';
import { tail } from '../tail.ts';
import { programPath, type Reply, type Request } from './protocol.ts';

/** How to start one program. */
export interface ProgramSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Absolute path of the file that gets what it prints. */
  readonly log: string;
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs under the supervisor. */
export interface RunningProgram {
  readonly spec: ProgramSpec;
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to the program alone, which ends what it has started in its own way. */
  terminate(): void;
  /** SIGKILL to its process group; resolves when it is gone. */
  kill(): Promise<void>;
  /** Rejects when the program ends before `ready` settles, quoting its last lines, or the supervisor does. */
  until<T>(ready: Promise<T>): Promise<T>;
}

/** Starts programs through a process of its own, which ends them all when the harness is gone. */
export interface Supervisor extends AsyncDisposable {
  /** Rejects when the program cannot be started, and with the loss when the supervisor has died. */
  start(spec: ProgramSpec): Promise<RunningProgram>;
  /** Rejects when the supervisor has died before `work` settles. */
  whileThere<T>(work: Promise<T>): Promise<T>;
  /** Resolves with a reason when the supervisor itself died; all that it started ends with it. */
  readonly lost: Promise<string>;
}

interface Waiting {
  readonly spec: ProgramSpec;
  resolve(program: RunningProgram): void;
  reject(error: Error): void;
}

/**
 * Starts the supervisor of a run. `directory` is the run's own and goes when the harness is killed;
 * `mark` is added to the environment of everything it starts.
 */
export async function startSupervisor(
  directory: string,
  mark: Readonly<Record<string, string>>,
): Promise<Supervisor> {
  const watched = [
    String(process.pid),
    processIdentity(process.pid) ?? '',
    ...Object.entries(mark).map(([name, value]) => `${name}=${value}`),
  ];
  const env = { ...process.env, ...mark };
  const watchdog = startWatchdog(directory, watched, env);
  const child = spawn(process.execPath, ['--no-warnings', programPath('main'), directory], {
    detached: true, // Ctrl-C in the terminal must not reach it
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', watchdog.stdin], // the last one is WATCHDOG_FD
    env,
  });
  // The supervisor's end of the pipe is the only one from here on.
  watchdog.stdin?.destroy();
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  const supervisor = new ChildSupervisor(child, mark);
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) =>
      reject(environmentError('could not start the supervisor', undefined, error)),
    );
    child.once('exit', (_code, signal) =>
      reject(
        environmentError(
          signal === null
            ? `the supervisor did not start: ${complaint.trim()}`
            : `the supervisor ended unexpectedly (${signal}) while it was starting`,
        ),
      ),
    );
  });
  await Promise.race([supervisor.ready, failed]);
  failed.catch(() => {});
  return supervisor;
}

/**
 * Waits in a shell, which is small, for the pipe to close, and becomes the watchdog then, unless it was told before
 * that all is over. It is there before the supervisor is, which takes a moment to begin.
 */
function startWatchdog(directory: string, watched: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const program = [process.execPath, '--no-warnings', programPath('watchdog'), directory, ...watched];
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _ && exit 0; exec "$@"', 'sh', ...program], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env,
  });
  watchdog.on('error', () => {});
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  return watchdog;
}

class ChildSupervisor implements Supervisor {
  readonly ready: Promise<void>;
  readonly lost: Promise<string>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Map<number, { program: Program; exited: (exit: Exit) => void }>();
  readonly #mark: Readonly<Record<string, string>>;
  #nextId = 1;
  #ended = false;
  /** Why nothing can be started any more. */
  #over: string | undefined;

  constructor(child: ChildProcess, mark: Readonly<Record<string, string>>) {
    this.#child = child;
    this.#mark = mark;
    let started = () => {};
    this.ready = new Promise((resolve) => {
      started = resolve;
    });
    child.on('message', (reply: Reply) => this.#hear(reply, started));
    this.lost = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#over = this.#ended
          ? 'the supervisor has ended'
          : `the supervisor ended unexpectedly (${signal ?? `exit code ${code}`})`;
        for (const waiting of this.#waiting.values()) waiting.reject(notStarted(waiting.spec, this.#over));
        this.#waiting.clear();
        if (!this.#ended) resolve(this.#over);
        // Its watchdog ends them as well; this is faster. Who waits for one hears of the loss first.
        for (const { program } of this.#running.values()) program.killDirectly();
        setImmediate(() => this.#buryAll());
      });
    });
  }

  start(spec: ProgramSpec): Promise<RunningProgram> {
    if (this.#over !== undefined) return Promise.reject(notStarted(spec, this.#over));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { spec, resolve, reject });
      this.tell({ do: 'spawn', id, ...spec, env: { ...spec.env, ...this.#mark } });
    });
  }

  whileThere<T>(work: Promise<T>): Promise<T> {
    const died = this.lost.then((reason) => {
      throw environmentError(reason, lossHint);
    });
    return Promise.race([work, died]);
  }

  tell(request: Request): void {
    if (this.#child.connected) this.#child.send(request, () => {});
  }

  /** Nobody is left to tell of their end. */
  #buryAll(): void {
    for (const { program, exited } of this.#running.values()) {
      program.exit = { code: null, signal: 'SIGKILL' };
      exited(program.exit);
    }
    this.#running.clear();
  }

  #hear(reply: Reply, started: () => void): void {
    switch (reply.did) {
      case 'started':
        started();
        break;
      case 'spawned': {
        const waiting = this.#waiting.get(reply.id);
        this.#waiting.delete(reply.id);
        if (!waiting) break;
        let exited: (exit: Exit) => void = () => {};
        const whenExited = new Promise<Exit>((resolve) => {
          exited = resolve;
        });
        const signal = (name: NodeJS.Signals) => this.tell({ do: 'signal', id: reply.id, signal: name });
        const terminate = () => this.tell({ do: 'terminate', id: reply.id });
        const whileThere: Supervisor['whileThere'] = (work) => this.whileThere(work);
        const program = new Program(waiting.spec, reply.pid, whenExited, whileThere, { signal, terminate });
        this.#running.set(reply.id, { program, exited });
        waiting.resolve(program);
        break;
      }
      case 'not-spawned': {
        const waiting = this.#waiting.get(reply.id);
        this.#waiting.delete(reply.id);
        waiting?.reject(environmentError(`could not start ${waiting.spec.name}: ${reply.error}`));
        break;
      }
      case 'exited': {
        const running = this.#running.get(reply.id);
        this.#running.delete(reply.id);
        if (!running) break;
        running.program.exit = { code: reply.code, signal: reply.signal };
        running.exited(running.program.exit);
        break;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const gone = new Promise<void>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      else this.#child.once('exit', () => resolve());
    });
    this.tell({ do: 'end' });
    await gone;
  }
}

function notStarted(spec: ProgramSpec, reason: string): OperatorError {
  return environmentError(`${spec.name} was not started: ${reason}`, lossHint);
}

const lossHint =
  'something outside Breakwater has killed it, as the kernel does when memory runs out; nothing that it started goes on';

class Program implements RunningProgram {
  readonly spec: ProgramSpec;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  readonly #whileThere: Supervisor['whileThere'];
  readonly #tell: Pick<RunningProgram, 'signal' | 'terminate'>;

  constructor(
    spec: ProgramSpec,
    pid: number,
    exited: Promise<Exit>,
    whileThere: Supervisor['whileThere'],
    tell: Pick<RunningProgram, 'signal' | 'terminate'>,
  ) {
    this.spec = spec;
    this.pid = pid;
    this.exited = exited;
    this.#whileThere = whileThere;
    this.#tell = tell;
  }

  signal(signal: NodeJS.Signals): void {
    this.#tell.signal(signal);
  }

  terminate(): void {
    this.#tell.terminate();
  }

  async kill(): Promise<void> {
    // A stopped process takes SIGKILL too, but its group may hold others that are only stopped.
    this.signal('SIGKILL');
    await this.exited;
  }

  killDirectly(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // already gone
    }
  }

  async until<T>(ready: Promise<T>): Promise<T> {
    const died = this.exited.then(({ code, signal }) => {
      throw environmentError(
        `${this.spec.name} ended while it was starting (${signal ?? `exit code ${code}`})`,
        `its last lines:\n${tail(this.spec.log, 8)}`,
      );
    });
    return await this.#whileThere(Promise.race([ready, died]));
  }
}
