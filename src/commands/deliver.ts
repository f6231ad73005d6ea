import { relative } from 'node:path';
import pc from 'picocolors';
import { environmentError } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import type { TerminalOptions } from '../report/terminal.ts';

interface Delivery<Found> {
  readonly found: Found;
  /** Where its files go. */
  readonly directory: string;
  /** Whether it is said as JSON. */
  readonly json: boolean;
  write(directory: string, found: Found): Promise<void>;
  render(found: Found, options: TerminalOptions): string;
  /** What remains where not all files could be written: "--reports names another folder; …". */
  readonly hint: string;
}

/** Writes what a command has found, and says it, whatever becomes of the files; throws when not all could be written. */
export async function deliver<Found>({
  found,
  directory,
  json,
  write,
  render,
  hint,
}: Delivery<Found>): Promise<void> {
  const unwritten = await write(directory, found).then(
    () => undefined,
    (error: Error) =>
      environmentError(
        `not all of the reports could be written into ${directory}: ${error.message}`,
        hint,
        error,
      ),
  );
  if (json) printJson(found);
  else {
    print(
      render(found, {
        color: pc.isColorSupported,
        width: process.stdout.columns || 100,
        ...(unwritten ? {} : { directory: relative(process.cwd(), directory) || '.' }),
      }),
    );
  }
  if (unwritten) throw unwritten;
}
