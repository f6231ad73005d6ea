import { expect, test } from 'vitest';
import { percent } from './units.ts';

test.each([
  ['99.9%', 999, 1_000],
  ['99.99%', 9_999, 10_000],
  ['0.1%', 1, 1_000],
  ['100%', 1, 1],
  ['0%', 0, 1],
])('%s is exactly what %i of %i are', (text, count, all) => {
  expect(percent().parse(text)).toBe(count / all);
});
