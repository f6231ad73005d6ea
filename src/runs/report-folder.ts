import { environmentError, usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { isDiskFault } from '../kit/system-error.ts';

/** Makes a folder below the one that --reports names, which may be missing itself. */
export async function makeReportFolder(path: string, reports: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw (isDiskFault(code) ? environmentError : usageError)(
      `no folder for the report can be made below ${reports} (${code ?? message})`,
      'name one that you may write to with --reports',
    );
  }
}
