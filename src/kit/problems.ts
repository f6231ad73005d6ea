import { ExitCode, OperatorError } from './errors.ts';
import type { Path } from './path.ts';
import { visible } from './visible.ts';

/** One mistake in what the operator wrote. */
export interface Problem {
  /** As the operator named it; for a value from the command line the option itself, `--set a.b=c`. */
  readonly file: string;
  /** Counted from 1; absent where there is no such place. */
  readonly line?: number;
  readonly column?: number;
  /** The field, dotted: `checks.0.atLeast`. */
  readonly path?: string;
  /** What is wrong. */
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** Something wrong within a document, before files and lines are known. */
export interface Mistake {
  readonly path: Path;
  /** Whether its key is wrong or its value. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint?: string | undefined;
}

const mostShown = 50;

/** Every mistake that was found, as one error: exit code 2. */
export class ProblemsError extends OperatorError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], hint?: string) {
    const shown = problems.slice(0, mostShown).map(formatProblem);
    const rest = problems.length - shown.length;
    if (rest > 0) shown.push(`… and ${rest} more`);
    const text =
      problems.length === 1 ? (shown[0] ?? '') : `${problems.length} problems\n${shown.join('\n')}`;
    super(text, { exitCode: ExitCode.usage, hint });
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, with the hint on a line of its own; whatever they are, no other line comes of it. */
export function formatProblem({ file, line, column, path, message, hint }: Problem): string {
  const where = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined);
  const what = [where.join(':'), ...(path ? [path] : []), message].join(': ');
  return hint === undefined ? visible(what) : `${visible(what)}\n  ${visible(hint)}`;
}
