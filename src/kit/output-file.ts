import { closeSync, constants, openSync, rmSync, type Stats } from 'node:fs';
import { chmod, lstat, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { environmentError } from './errors.ts';
import { eventually, notYet } from './eventually.ts';

const readerTimeoutMs = 10_000;
/** What a folder says that lets its files be written and takes no others: a mount of one file, somebody else's. */
const closedFolder = ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'];

/**
 * Writes a text to a path that somebody has named. A regular file, or one that a link leads to, is replaced as a whole,
 * so that a reader never sees half of it, and keeps its mode; what is no regular file (a pipe, a device), what others
 * share or own, and what stands in a folder that takes no other file is written to as it is. Rejects with the system's
 * error, and with exit code 4 when nobody reads a pipe.
 */
export async function writeOutput(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(absent);
  if (found?.isFIFO()) return writePipe(path, text);
  const target = await replaceable(path, found);
  if (target === undefined) return writeFile(path, text);
  try {
    await replace(target, text, found === undefined ? undefined : found.mode & 0o7777);
  } catch (error) {
    if (found === undefined || !closedFolder.includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    await writeFile(path, text);
  }
}

const absent = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
};

/** The file to rename over, which no link leads to; undefined where that would change more than its content. */
async function replaceable(path: string, found: Stats | undefined): Promise<string | undefined> {
  // A link that leads nowhere yet: what it leads to is made.
  if (found === undefined) return (await lstat(path).catch(absent)) === undefined ? path : undefined;
  const own = found.uid === (process.getuid?.() ?? found.uid);
  return found.isFile() && found.nlink === 1 && own ? realpath(path) : undefined;
}

/** Writes beside the target and renames. */
async function replace(target: string, text: string, mode: number | undefined): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  // A second Ctrl-C ends the process at once.
  const forget = () => rmSync(temporary, { force: true });
  process.once('exit', forget);
  try {
    await writeFile(temporary, text, { mode: mode === undefined ? 0o666 : 0o600 });
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    process.off('exit', forget);
  }
}

/** To open a pipe waits for a reader, with nothing that could end it: so it is asked for until one is there. */
async function writePipe(path: string, text: string): Promise<void> {
  const probe = await eventually(
    async () => {
      try {
        return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
        return notYet('nobody has opened it for reading');
      }
    },
    { waitingFor: `a reader of the pipe ${path}`, timeoutMs: readerTimeoutMs },
  );
  // Held until the one that may wait for a slow reader is open, so that the reader sees no end between the two.
  const pipe = await open(path, 'w').finally(() => closeSync(probe));
  try {
    await pipe.writeFile(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    throw environmentError(`the reader of the pipe ${path} went away before its end`, undefined, error);
  } finally {
    await pipe.close();
  }
}
