import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { $, ProcessOutput } from 'zx';
import { environmentError } from '../../kit/errors.ts';
import { RUN_MARK } from '../run-directory.ts';

export interface CommandOptions {
  /** What a person calls it: "kind create cluster". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** File that gets what it prints, appended. */
  readonly log?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly hint?: (output: string) => string | undefined;
  /** Whether what it printed on standard output is an answer although its exit code is not 0. */
  readonly answered?: (stdout: string) => boolean;
  readonly input?: string;
}

/** Runs one program to its end and resolves with what it printed on standard output. */
export type Run = (program: string, args: readonly string[], options: CommandOptions) => Promise<string>;

/**
 * One-shot commands of a run; `mark` is in the environment of each, so that a later cleanup finds it. What
 * they leave half done when they are killed (kind: archives of images) is in the run's folder, and goes with it.
 */
export function commandRunner(mark: Readonly<Record<string, string>>): Run {
  const directory = mark[RUN_MARK];
  const own = { ...mark, ...(directory === undefined ? {} : { TMPDIR: directory }) };
  return async (program, args, options) => {
    const child = $({
      quiet: true,
      nothrow: true,
      detached: false,
      env: { ...process.env, ...own, ...options.env } as NodeJS.ProcessEnv,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.input === undefined ? {} : { input: options.input }),
    })`${program} ${args}`;
    const output = await child.catch((error: unknown) => {
      if (error instanceof ProcessOutput) return error;
      throw error;
    });
    if (options.log !== undefined) {
      await appendFile(options.log, `$ ${[program, ...args].join(' ')}\n${output.stdout}${output.stderr}\n`);
    }
    if (output.exitCode === 0) return output.stdout;
    options.signal?.throwIfAborted();
    if (output.exitCode !== null && options.answered?.(output.stdout)) return output.stdout;
    if (output.exitCode === 127) {
      throw environmentError(`${program} is not there, and ${options.what} needs it`, options.hint?.(''));
    }
    const said = `${output.stderr}\n${output.stdout}`.trim();
    const ending =
      output.exitCode === null ? `within ${options.timeoutMs / 1_000} s` : `(exit code ${output.exitCode})`;
    throw environmentError(
      `${options.what} did not succeed ${ending}:\n${lastLines(said, 12)}`,
      options.hint?.(said),
    );
  };
}

export function lastLines(text: string, count: number): string {
  const lines = text.trimEnd().split('\n').slice(-count);
  return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n');
}

/** Shows how long something is taking while it does. */
export async function visibly<T>(
  what: string,
  progress: (step: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  progress(what);
  const done = new AbortController();
  const tick = async () => {
    for (;;) {
      await sleep(10_000, undefined, { signal: done.signal });
      progress(`${what}: ${Math.round((performance.now() - started) / 1_000)} s so far`);
    }
  };
  tick().catch(() => {});
  try {
    return await work();
  } finally {
    done.abort();
  }
}
