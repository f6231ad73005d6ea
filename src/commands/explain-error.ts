import { CommanderError } from 'commander';
import pc from 'picocolors';
import { operatorError } from '../experiment/operator-error.ts';
import { ExitCode } from '../kit/errors.ts';
import { visibleLines } from '../kit/visible.ts';

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
