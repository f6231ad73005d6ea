import { relative } from 'node:path';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import { ExitCode, environmentError, OperatorError } from '../kit/errors.ts';
import { unusableFile } from '../kit/system-error.ts';
import { visibleLines } from '../kit/visible.ts';
import { runsFolder } from '../runs/run-directory.ts';
import { toolContext } from '../toolchain/context.ts';

/** Says on standard error what went wrong and what to do; the exit code that goes with it. */
export function explainError(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  }
  const known = operatorError(error);
  if (known) {
    process.stderr.write(`${pc.red('error')}: ${visibleLines(known.message)}\n`);
    if (known.hint !== undefined) process.stderr.write(`${pc.cyan('hint')}: ${visibleLines(known.hint)}\n`);
    return known.exitCode;
  }
  process.stderr.write(
    `${pc.red('This is a bug in Breakwater.')} Please report it with what is below.\n${visibleLines(
      String(error instanceof Error ? error.stack : error),
    )}\n`,
  );
  return ExitCode.environment;
}

/** Teardown may fail beside the error that led to it; the first cause is what the operator needs. */
function operatorError(error: unknown): OperatorError | undefined {
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
