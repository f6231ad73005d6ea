import { describe, expect, test } from 'vitest';
import { seededDraw } from '../../apps/edge-app/src/chance.ts';
import { candidatePoints, changePoints } from './change-points.ts';
import { Divergence } from './divergence.ts';
import otava from './testing/otava.json' with { type: 'json' };

const indicesOf = (points: readonly { readonly index: number }[]) => points.map(({ index }) => index);

/** Otava's series of a database's benchmark, with the change points that its tests expect. */
describe("the change points of Otava's tests", () => {
  test.each(otava.tigerbeetle.cases)('$test', ({ indices, ...sensitivity }) => {
    expect(indicesOf(candidatePoints(otava.tigerbeetle.series, sensitivity))).toEqual(indices);
  });

  test.each(otava.small)('of $series', ({ series, indices, ...sensitivity }) => {
    expect(indicesOf(candidatePoints(series, sensitivity))).toEqual(indices);
  });

  test('of the series that permutations are tested with', () => {
    const { series, indices } = otava.divisive;
    const sensitivity = { window: 50, pValue: 0.001, magnitude: 0, permuted: 0.05 };
    expect(indicesOf(candidatePoints(series, sensitivity))).toEqual(indices);
  });
});

test('the divergence is what its definition sums up', () => {
  const { series } = otava.divisive;
  const divergence = new Divergence(series);
  const pairs = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x) => sum + b.reduce((inner, y) => inner + Math.abs(x - y), 0), 0);
  for (let start = 0; start < 4; start += 1) {
    for (let cut = start + 1; cut < series.length; cut += 1) {
      for (let end = cut + 1; end <= series.length; end += 1) {
        const [x, y] = [series.slice(start, cut), series.slice(cut, end)];
        const [n, m] = [x.length, y.length];
        const own = (values: readonly number[], other: number) =>
          values.length < 2 ? 0 : (other / (n + m) / (values.length - 1)) * pairs(values, values);
        const expected = (2 / (n + m)) * pairs(x, y) - own(x, m) - own(y, n);
        expect(divergence.between(start, cut, end)).toBeCloseTo(expected, 9);
      }
    }
  }
});

/** Values around a level, as runs of a noisy machine have them: a twentieth of them far off. */
function noisy(count: number, stream: number, level: (index: number) => number): number[] {
  const draw = seededDraw(7, stream);
  return Array.from({ length: count }, (_, index) => {
    const bell = Array.from({ length: 12 }, draw).reduce((sum, each) => sum + each, -6);
    return level(index) * (1 + 0.03 * bell + (draw() < 0.05 ? 0.3 * draw() : 0));
  });
}

describe('with what history looks', () => {
  test('a series in which nothing changes has no change point, with few exceptions', () => {
    const alarms = Array.from({ length: 60 }, (_, stream) => changePoints(noisy(60, stream, () => 100)));
    expect(alarms.filter((points) => points.length > 0).length).toBeLessThanOrEqual(3);
  });

  test('a step of a tenth is found where it is', () => {
    const found = Array.from({ length: 30 }, (_, stream) =>
      changePoints(noisy(60, stream, (index) => (index < 40 ? 100 : 112))),
    );
    const right = found.filter((points) => points.some(({ index }) => Math.abs(index - 40) <= 2));
    expect(right.length).toBeGreaterThanOrEqual(25);
  });

  test('the same series has the same change points every time', () => {
    const series = noisy(80, 3, (index) => (index < 30 ? 100 : 115));
    expect(changePoints(series)).toEqual(changePoints([...series]));
  });

  test.each([[[]], [[1]], [[1, 1]], [[0, 0, 0, 0]], [Array(100).fill(5)]])('%j has none', (series) => {
    expect(changePoints(series)).toEqual([]);
  });

  test('one run that is far off is none, be it the newest', () => {
    const series = noisy(40, 5, () => 100);
    expect(changePoints([...series, 180])).toEqual([]);
    expect(changePoints([...series.slice(0, 20), 180, ...series.slice(20)])).toEqual([]);
  });

  test('a change from nothing to something is one', () => {
    const series = [...Array(20).fill(0), ...Array(20).fill(0.1)];
    expect(indicesOf(changePoints(series))).toEqual([20]);
  });
});
