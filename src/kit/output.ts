import { visibleColoured, visibleJson } from './visible.ts';

/** What became of what was printed. */
export interface OutputGuard {
  /** Why standard output did not take all of it: "ENOSPC". A reader that has gone away is no such reason. */
  readonly lost: string | undefined;
}

/**
 * Keeps what happens to the two output streams from ending the process in the middle of something. A reader that goes
 * away (`| head`) has seen enough; who cannot be told on standard error cannot be told that either.
 */
export function guardOutput(): OutputGuard {
  let lost: string | undefined;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') lost ??= code ?? message;
  });
  process.stderr.on('error', () => {});
  // A file that would be too long is then an error of who writes it, and does not end the process.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => {});
  return {
    get lost() {
      return lost;
    },
  };
}

/**
 * Everything that commands say on standard output goes through these two, so that no text of others can disguise a line
 * there or write one of its own; lines may have colours of ours.
 */
export function print(text: string): void {
  process.stdout.write(visibleColoured(text));
}

export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(value)}\n`);
}

/** A document as it is, for a program to read. */
export function printDocument(text: string): void {
  process.stdout.write(text);
}

/** Resolves when both streams have got rid of what was printed, and of their errors. */
export async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write('', () => setImmediate(resolve)));
  }
}
