import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

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

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
