/** Exit codes of the command line; see docs/reference.md. */
export const ExitCode = {
  pass: 0,
  fail: 1,
  usage: 2,
  invalid: 3,
  environment: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * A failure the operator can act on: what happened, what to do about it, and why.
 * Everything else that is thrown is a bug in Breakwater and shows its stack.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    options: { hint?: string | undefined; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? ExitCode.environment;
  }
}

/** A mistake in what the operator wrote: exit code 2. */
export function usageError(message: string, hint?: string): OperatorError {
  return new OperatorError(message, { hint, exitCode: ExitCode.usage });
}

/** Something could not be started, fetched or torn down: exit code 4. */
export function environmentError(message: string, hint?: string, cause?: unknown): OperatorError {
  return new OperatorError(message, { hint, exitCode: ExitCode.environment, cause });
}
