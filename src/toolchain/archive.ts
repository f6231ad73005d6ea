import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { environmentError } from '../kit/errors.ts';
import { extract } from './tar.ts';

/** In pieces of a megabyte: usual ones are so small that handing them on takes longer than unpacking them. */
export const LARGE = { chunkSize: 1024 * 1024 } as const;

/** A compressed tar on disk. */
export interface Archive {
  readonly archive: string;
  readonly decompressor: Transform;
  /** What to call it. */
  readonly shown: string;
  /** What to do when it is none. */
  readonly hint: string;
}

export interface ArchiveEntry {
  /** Without "./" or a slash before it, and without one behind it. */
  readonly path: string;
  /** "file", "directory", "symlink", "link" for a hard one, and others. */
  readonly type: string;
  /** Where a link leads, as it is written. */
  readonly linkTo: string | undefined;
  /** Writes its content to these paths. */
  write(targets: readonly string[]): Promise<void>;
}

/** Goes through an archive; what `look` does not write is passed over. Throws an environment error for one that is none. */
export async function readArchive(
  { archive, decompressor, shown, hint }: Archive,
  signal: AbortSignal,
  look: (entry: ArchiveEntry) => Promise<void>,
): Promise<void> {
  const entries = extract();
  const reading = pipeline(
    createReadStream(archive, { highWaterMark: LARGE.chunkSize }),
    decompressor,
    entries,
    { signal },
  );
  try {
    for await (const entry of entries) {
      const { name, type, linkname } = entry.header;
      await look({
        path: name.replace(/^(?:\.?\/)+/, '').replace(/\/$/, ''),
        type: type ?? 'file',
        linkTo: linkname ?? undefined,
        async write([first, ...others]) {
          if (first === undefined) return;
          await pipeline(entry, createWriteStream(first), { signal });
          for (const other of others) await copyFile(first, other);
        },
      });
      entry.resume();
    }
    await reading;
  } catch (error) {
    entries.destroy();
    await reading.catch(() => {});
    signal.throwIfAborted();
    if (!isOfArchive(error)) throw error;
    throw environmentError(`${shown} cannot be unpacked: ${(error as Error).message}`, hint, error);
  }
}

/** An error that the archive is to blame for, and not the disk. */
function isOfArchive(error: unknown): boolean {
  const { code = '', name } = error as NodeJS.ErrnoException;
  return name !== 'OperatorError' && !/^E[A-Z]+$/.test(code);
}
