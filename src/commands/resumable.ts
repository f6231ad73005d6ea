import { relative } from 'node:path';
import { OperatorError } from '../kit/errors.ts';
import { shellCommand } from '../kit/shell.ts';
import { shownArguments } from '../scenario/load.ts';

/** What an operator needs to know of a series that was interrupted: how it goes on with what is in its folder. */
export function interrupted(
  signal: AbortSignal,
  kept: 'rounds' | 'trials',
  directory: string,
): OperatorError {
  const arguments_ = shownArguments(process.argv.slice(2));
  const folder = relative(process.cwd(), directory);
  const again = arguments_.includes('--resume') ? arguments_ : [...arguments_, '--resume', folder];
  const { exitCode, message } = signal.reason as OperatorError;
  return new OperatorError(message, {
    exitCode,
    hint: `its ${kept} are kept; it goes on with\n${shellCommand(['npx', 'breakwater', ...again])}`,
  });
}
