import { spawn } from 'node:child_process';
import { constants as access, accessSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

// Runs "$@" until it ends or until the pipe on stdin closes, which it does when Breakwater dies in
// whatever way; then nothing of the process group survives. Built-ins only: the PATH may be empty.
const LIFELINE =
  'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & wait "$child"';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onStderrLine?: (line: string) => void;
}

/** Runs one command to its end. An abort, like our own death, ends its whole process group. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { cwd, env, signal, onStderrLine } = options;
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', LIFELINE, 'sh', file, ...args], { cwd, env, detached: true });
  const cut = () => child.stdin.destroy();
  signal.addEventListener('abort', cut);
  child.stdin.on('error', () => {});
  // The watcher holds no output pipe, so this also ends what the command left running.
  child.on('exit', cut);
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killedBy) => resolve(code ?? 128 + constants.signals[killedBy ?? 'SIGKILL']));
  });
  let stdout = '';
  let stderr = '';
  let line = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const complete of lines) onStderrLine?.(complete);
  });
  try {
    const code = await closed;
    signal.throwIfAborted();
    return { code, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** The absolute path of the first of `names` on the PATH, or undefined. */
export function findOnPath(names: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => isExecutableFile(path));
}

export function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, access.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The end of a program's output, indented for an error message. */
export function lastLines(output: string, count = 12): string {
  return output
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n');
}
