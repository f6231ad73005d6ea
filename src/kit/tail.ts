import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The end of a program's output, indented for an error message. */
export function lastLines(output: string, count = 12): string {
  return output
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line.slice(0, 400)}`)
    .join('\n');
}

/** The last lines of a file, indented, as `told` has them; "(nothing)" when it is empty or missing. */
export function tail(path: string, lines: number, told = (text: string) => text): string {
  const maxBytes = 16_384;
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, maxBytes));
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
      const text = told(buffer.toString('utf8')).trimEnd();
      return text === '' ? '  (nothing)' : lastLines(text, lines);
    } finally {
      closeSync(file);
    }
  } catch {
    return '  (nothing)';
  }
}
