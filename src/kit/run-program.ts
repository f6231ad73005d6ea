import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { findOnPath, isExecutableFile } from './executable.ts';
import { signalGroup } from './process-identity.ts';

/** What to run to its end, and within which limits. No shell ever reads it. */
export interface ProgramRun {
  /** A path, or a name that is looked for on the PATH of `env`. */
  readonly program: string;
  readonly args: readonly string[];
  /** All of its environment; that of this process unless given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What it reads on standard input; nothing unless given. A tied program has none. */
  readonly input?: string;
  /**
   * Whom its process group belongs to. `shared`: it is in ours, and a terminal's Ctrl-C reaches it too. `own`: it
   * has one, and what it leaves running ends with it. `tied`: the same, and all of it ends with this process, in
   * whatever way that ends.
   */
  readonly group: 'shared' | 'own' | 'tied';
  /** Killed after this long, in milliseconds. */
  readonly timeoutMs?: number;
  /** Killed when it aborts; `runProgram` then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Killed when one of its outputs gets longer; 32 Mi characters unless given. */
  readonly mostCharacters?: number;
  readonly onStderrLine?: (line: string) => void;
}

/** How a program came to its end. */
export type ProgramEnd =
  | { readonly ended: 'ok' }
  | { readonly ended: 'failed'; readonly exitCode: number }
  /** There is no such program. */
  | { readonly ended: 'missing' }
  /** The system would not start it, for this reason: EACCES, ENOEXEC, … */
  | { readonly ended: 'refused'; readonly code: string }
  | { readonly ended: 'timeout'; readonly timeoutMs: number }
  /** Somebody else has killed it. */
  | { readonly ended: 'killed'; readonly by: string }
  | { readonly ended: 'flooded'; readonly mostCharacters: number };

/** What a program printed until it ended, whole lines and all, and how it ended. */
export type ProgramResult = ProgramEnd & { readonly stdout: string; readonly stderr: string };

const mebi = 1024 * 1024;

// Runs "$@" until it ends or until the pipe on stdin closes, which it does when Breakwater dies in
// whatever way; then nothing of the process group survives. Built-ins only: the PATH may be empty.
const LIFELINE =
  'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & wait "$child"';

/** Runs one program to its end. Rejects only when its signal aborts, with the reason of that. */
export async function runProgram(run: ProgramRun): Promise<ProgramResult> {
  const { args, env = process.env, cwd, input, group, signal, timeoutMs, mostCharacters = 32 * mebi } = run;
  signal?.throwIfAborted();
  const path = locate(run.program, env, cwd);
  const silent = { stdout: '', stderr: '' };
  if (path === undefined) return { ended: 'missing', ...silent };
  if (!isExecutableFile(path)) return { ended: 'refused', code: 'EACCES', ...silent };
  // Its import takes longer than all else that `plan` or `lint` do.
  const { execa } = await import('execa');
  // Windows has no such shell, and nothing there is started that would have to end with this process.
  const isTied = group === 'tied' && process.platform !== 'win32';
  const [file, words] = isTied ? ['/bin/sh', ['-c', LIFELINE, 'sh', path, ...args]] : [path, args];
  const child = execa(file, words, {
    env,
    extendEnv: false,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: isTied ? 'pipe' : 'ignore' } : { input }),
    ...(run.onStderrLine === undefined ? {} : { stderr: tellingLines(run.onStderrLine) }),
    detached: group !== 'shared',
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    maxBuffer: mostCharacters,
    stripFinalNewline: false,
    cleanup: false,
    reject: false,
  });
  const started = child.nodeChildProcess;
  started.once('exit', () => {
    if (group !== 'shared' && started.pid !== undefined) signalGroup(started.pid, 'SIGKILL');
    // What a killed one has left running may hold them open for ever.
    else if (started.killed) for (const stream of [started.stdout, started.stderr]) stream?.destroy();
  });
  const result = await child;
  signal?.throwIfAborted();
  return { ...endOf(result, timeoutMs ?? 0, mostCharacters), stdout: result.stdout, stderr: result.stderr };
}

/** The file that a name means; undefined when there is none. */
function locate(program: string, env: NodeJS.ProcessEnv, cwd = '.'): string | undefined {
  if (!program.includes('/') && !isAbsolute(program)) return findOnPath([program], env);
  const path = resolve(cwd, program);
  return existsSync(path) ? path : undefined;
}

const tellingLines = (tell: (line: string) => void) =>
  function* (line: unknown) {
    tell(String(line));
    yield line;
  };

/** What of execa's result says how it ended. */
interface Ending {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
}

function endOf(result: Ending, timeoutMs: number, mostCharacters: number): ProgramEnd {
  if (result.timedOut) return { ended: 'timeout', timeoutMs };
  if (result.isMaxBuffer) return { ended: 'flooded', mostCharacters };
  if (result.exitCode === 0) return { ended: 'ok' };
  if (result.exitCode !== undefined) return { ended: 'failed', exitCode: result.exitCode };
  if (result.signal !== undefined) return { ended: 'killed', by: result.signal };
  return { ended: 'refused', code: result.code ?? 'for no reason that it tells' };
}

/** What a program did, completing a sentence that begins with its name: "failed with exit code 3". */
export function howItEnded(end: ProgramEnd): string {
  switch (end.ended) {
    case 'ok':
      return 'did what it was asked for';
    case 'failed':
      return `failed with exit code ${end.exitCode}`;
    case 'missing':
      return 'could not be started: ENOENT';
    case 'refused':
      return `could not be started: ${end.code}`;
    case 'timeout':
      return `was not done after ${end.timeoutMs / 1_000} s`;
    case 'killed':
      return `was stopped by ${end.by}`;
    case 'flooded':
      return `printed more than ${end.mostCharacters / mebi} Mi characters`;
  }
}
