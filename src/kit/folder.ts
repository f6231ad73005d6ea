import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
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
  if (!existsSync(dirname(path))) await make(dirname(path), mode);
  await mkdir(path, mode).catch(async (error: NodeJS.ErrnoException) => {
    // It was there, or another command was faster; a disk that is read-only says so of what is there, too.
    if (!existsSync(path) || !(await stat(path)).isDirectory()) throw error;
  });
}
