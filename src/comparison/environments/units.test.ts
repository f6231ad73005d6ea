import { expect, test } from 'vitest';
import { formatValues } from './units.ts';

test.each([
  [[77, 185.4, 323], 'ms', '77 · 185 · 323 ms'],
  [[1.66, 2.1, 3.7], 'ms', '1.66 · 2.10 · 3.70 ms'],
  [[680, 1_031, 12_270], 'ms', '0.68 · 1.03 · 12.27 s'],
  [[24.02], 'ms', '24.0 ms'],
  [[98.3, 106, 107], 'per-second', '98 · 106 · 107 /s'],
  [[623, 635, 1_643], 'count', '623 · 635 · 1,643'],
  [[12, 12.5, 13], 'count', '12 · 12.5 · 13'],
  [[0.24, 0.2531, 0.2649], 'share', '24.0 · 25.3 · 26.5 %'],
  [[0.9965, 0.99984, 1], 'share', '99.650 · 99.984 · 100 %'],
  [[0, 0.9999999], 'share', '0 · just under 100 %'],
  [[0, 0, 0], 'share', '0 · 0 · 0 %'],
] as const)('%j in %s', (values, unit, text) => {
  expect(formatValues(values, unit)).toBe(text);
});
