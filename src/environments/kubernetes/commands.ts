import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { findOnPath } from '../../kit/executable.ts';
import { howItEnded, runProgram } from '../../kit/run-program.ts';
import { lastLines } from '../../kit/tail.ts';
import { RUN_MARK } from '../../runs/run-directory.ts';
import type { LabRequest } from '../contract.ts';

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
 * One-shot commands of the run of a folder, which all say so in their environment: a later cleanup finds them. What
 * they leave half done when they are killed (kind: archives of images) is in that folder, and goes with it.
 */
export async function commandRunner(directory: string, docker: string): Promise<Run> {
  const own = { [RUN_MARK]: directory, TMPDIR: directory, PATH: await pathWithDocker(docker, directory) };
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

/** kind calls whatever is named docker on the PATH; a docker with a path of its own gets that name there. */
async function pathWithDocker(docker: string, directory: string): Promise<string> {
  const path = process.env['PATH'] ?? '';
  const found = docker.includes('/') ? docker : findOnPath([docker], process.env);
  if (docker === 'docker' || found === undefined) return path;
  const folder = join(directory, 'bin');
  await mkdir(folder, { recursive: true });
  // With the PATH of before: it may be a script that calls docker itself.
  const script = `#!/bin/sh\nPATH=${quoted(path)} exec ${quoted(resolve(found))} "$@"\n`;
  await writeFile(join(folder, 'docker'), script, { mode: 0o755 });
  return `${folder}${delimiter}${path}`;
}

/** One word to a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

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
