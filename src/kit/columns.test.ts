import { expect, test } from 'vitest';
import { columns, pad, wrap } from './columns.ts';

test('wraps at blanks, inside words that are too long, never before a unit', () => {
  expect(wrap('a limit of 99.9 % holds', 15)).toEqual(['a limit of', '99.9 % holds']);
  expect(wrap('abcdefgh ij', 5)).toEqual(['abcde', 'fgh', 'ij']);
});

test('counts what is seen: colours take no column, wide characters two', () => {
  expect(columns('\u001b[31mred\u001b[39m')).toBe(3);
  expect(columns('漢字')).toBe(4);
  expect(pad('漢字', 6)).toBe('漢字  ');
  expect(pad('7', 3, 'start')).toBe('  7');
  expect(wrap('漢字漢字 漢字', 6)).toEqual(['漢字漢', '字', '漢字']);
});
