import { expect, test } from 'vitest';
import { studentAbove, studentQuantile } from './student-t.ts';

/** From SciPy 1.17.1: scipy.stats.t.sf(t, freedom). */
test.each([
  [0, 5, 0.5],
  [0.5, 1, 0.35241638234956674],
  [1, 2, 0.2113248654051871],
  [2.228138851964939, 10, 0.02500000000090432],
  [-1.5, 7, 0.911350756505015],
  [3.3, 28, 0.0013202251256106635],
  [4.032142983555228, 5, 0.005000000000000002],
  [12, 3, 0.0006225079003946681],
  [25, 48, 1.7817989123998305e-29],
  [0.001, 200, 0.49960155615056945],
])('above %d with %d degrees of freedom: %d', (t, freedom, above) => {
  expect(studentAbove(t, freedom) / above).toBeCloseTo(1, 10);
});

/** From SciPy 1.17.1: scipy.stats.t.isf(above, freedom). */
test.each([
  [0.5, 4, 0.0],
  [0.05, 7, 1.8945786050900066],
  [0.001, 7, 4.785289628638334],
  [0.025, 10, 2.2281388519862753],
  [1e-5, 30, 5.054032421446494],
  [0.0007, 39, 3.43993683873939],
])('exceeded with %d at %d degrees of freedom: %d', (above, freedom, t) => {
  expect(studentQuantile(above, freedom)).toBeCloseTo(t, 8);
});

test('of what is no number there is none, and nothing lies above the highest', () => {
  expect(studentAbove(Number.NaN, 3)).toBeNaN();
  expect(studentAbove(Number.POSITIVE_INFINITY, 3)).toBe(0);
  expect(studentAbove(Number.NEGATIVE_INFINITY, 3)).toBe(1);
});
