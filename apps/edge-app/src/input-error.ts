/** Something the operator wrote is wrong: exit code 2 at start, status 400 on the control port. */
export class InputError extends Error {
  override readonly name = 'InputError';

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
  }
}
