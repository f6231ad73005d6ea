import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The last lines of a file, indented; "(nothing)" when it is empty or missing. */
export function tail(path: string, lines: number): string {
  const maxBytes = 16_384;
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, maxBytes));
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
      const text = buffer.toString('utf8').trimEnd();
      if (text === '') return '  (nothing)';
      return text
        .split('\n')
        .slice(-lines)
        .map((line) => `  ${line.slice(0, 400)}`)
        .join('\n');
    } finally {
      closeSync(file);
    }
  } catch {
    return '  (nothing)';
  }
}
