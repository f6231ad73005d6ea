import { InvalidArgumentError } from 'commander';

/** A path as an option takes it: an empty one, as an unset variable of a shell leaves it, would mean the current folder. */
export function pathArgument(text: string): string {
  if (text === '') throw new InvalidArgumentError('It takes a path, and this is empty.');
  return text;
}
