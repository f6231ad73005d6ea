import { relative } from 'node:path';
import { environmentError, OperatorError } from '../kit/errors.ts';
import { unusableFile } from '../kit/system-error.ts';
import { runsFolder } from '../runs/run-directory.ts';
import { toolContext } from '../toolchain/context.ts';

/**
 * What of an error the operator can act on; undefined for a bug. Teardown may fail beside the error that led to it; the
 * first cause is what the operator needs.
 */
export function operatorError(error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  if (error instanceof SuppressedError) return operatorError(error.suppressed) ?? operatorError(error.error);
  if (error instanceof Error && error.name === 'AbortError') return operatorError(error.cause);
  const file = unusableFile(error);
  if (file === undefined) return undefined;
  const what = file.path ?? 'a file cannot be written';
  return environmentError(`${what}: ${file.reason}`, moving(file.path), error);
}

/** Which setting leads away from a place; all of them where the place is not known. */
function moving(path: string | undefined): string {
  const runs = [
    runsFolder(),
    'BREAKWATER_RUNS or TMPDIR names another place for what lasts as long as a run',
  ] as const;
  const cache = [toolContext().cacheDir, 'BREAKWATER_CACHE names another place for programs'] as const;
  const reports = '--reports names another folder for reports';
  if (path === undefined) return [runs[1], cache[1], reports].join('; ');
  return [runs, cache].find(([folder]) => concerns(path, folder))?.[1] ?? reports;
}

/** Whether a path is that folder, below it, or above it. */
function concerns(path: string, folder: string): boolean {
  const inside = (inner: string, outer: string) => !relative(outer, inner).startsWith('..');
  return inside(path, folder) || inside(folder, path);
}
