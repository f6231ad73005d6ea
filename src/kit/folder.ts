import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { unusableFile } from './system-error.ts';

/**
 * Makes a folder and those above it that are missing; nothing when it is there. One by one from the top: where the
 * system refuses with ENOENT (/proc), Node's own recursive way never ends, and elsewhere it hides the reason. Rejects
 * with the system's error.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  await make(resolve(path), mode);
}

async function make(path: string, mode: number | undefined): Promise<void> {
  if (isFolder(path)) return;
  if (!existsSync(dirname(path))) await make(dirname(path), mode);
  await mkdir(path, mode).catch((error: NodeJS.ErrnoException) => {
    // Another command was faster.
    if (!isFolder(path)) throw error;
  });
}

/** Why the system would not let a folder be made, or files in it, in its own words; undefined when it would. Leaves nothing. */
export function refusalOf(path: string): string | undefined {
  const full = resolve(path);
  try {
    const found = statSync(full, { throwIfNoEntry: false });
    if (found === undefined && dirname(full) !== full) return refusalOf(dirname(full));
    if (found?.isDirectory() !== true) return `${full} is no folder`;
    rmdirSync(mkdtempSync(join(full, '.breakwater-')));
    return undefined;
  } catch (error) {
    const file = unusableFile(error);
    return file === undefined ? (error as Error).message : `${full}: ${file.reason}`;
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
