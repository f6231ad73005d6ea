import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { usageError } from '../kit/errors.ts';

/** Makes a folder below the one that --reports names, which may be missing itself. */
export async function makeReportFolder(path: string, reports: string): Promise<void> {
  try {
    await makeFolder(resolve(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw usageError(
      `no folder for the report can be made below ${reports} (${code ?? message})`,
      'name one that you may write to with --reports',
    );
  }
}

/** One by one from the top: where the system refuses with ENOENT (/proc), Node's own recursive way never ends. */
async function makeFolder(path: string): Promise<void> {
  if (!existsSync(dirname(path))) await makeFolder(dirname(path));
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    // Another command may have been faster.
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  });
}
