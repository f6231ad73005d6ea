import { appendFile } from 'node:fs/promises';
import { environmentError } from '../../kit/errors.ts';
import { howItEnded, runProgram } from '../../kit/run-program.ts';
import { lastLines } from '../../kit/tail.ts';
import { RUN_MARK } from '../../runs/run-directory.ts';
import type { LabRequest } from '../contract.ts';

export interface CommandOptions {
  /** What a person calls it: "istioctl install". */
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
 * One-shot commands of the run of a folder, which all say so in their environment: a later cleanup finds them. What
 * they leave half done when they are killed (archives of images) is in that folder, and goes with it.
 */
export function commandRunner(directory: string, variables: Readonly<Record<string, string>>): Run {
  const own = { [RUN_MARK]: directory, TMPDIR: directory, ...variables };
  return async (program, args, options) => {
    const result = await runProgram({
      program,
      args,
      env: { ...process.env, ...own, ...options.env },
      group: 'shared',
      timeoutMs: options.timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    if (options.log !== undefined) {
      await appendFile(options.log, `$ ${[program, ...args].join(' ')}\n${result.stdout}${result.stderr}\n`);
    }
    if (result.ended === 'ok') return result.stdout;
    if (result.ended === 'failed' && options.answered?.(result.stdout)) return result.stdout;
    if (result.ended === 'missing') {
      throw environmentError(`${program} is not there, and ${options.what} needs it`, options.hint?.(''));
    }
    const said = `${result.stderr}\n${result.stdout}`.trim();
    const ending =
      result.ended === 'timeout'
        ? `within ${options.timeoutMs / 1_000} s`
        : result.ended === 'failed'
          ? `(exit code ${result.exitCode})`
          : `(${program} ${howItEnded(result)})`;
    throw environmentError(
      `${options.what} did not succeed ${ending}:\n${lastLines(said)}`,
      options.hint?.(said),
    );
  };
}

/** Where a person sees what is being done. */
export type Saying = Pick<LabRequest, 'progress' | 'ongoing'>;

/** Shows what is being done, and how long it takes, while it does. */
export async function visibly<T>(
  what: string,
  { progress, ongoing }: Saying,
  work: () => Promise<T>,
): Promise<T> {
  progress(what);
  const timer = setInterval(() => ongoing(what), 1_000).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
