import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { parseServiceTime } from './service-time.ts';

/** Service times in the order they are drawn. */
function times(text: string, count: number, seed = 7): number[] {
  const serviceTime = parseServiceTime(text);
  if (!serviceTime) throw new Error(`${text} was not understood`);
  const chance = new Chance(seed);
  return Array.from({ length: count }, () => serviceTime(chance.serviceTime));
}

/** Sorted draws. */
const draw = (text: string, count = 20_000) => times(text, count).sort((a, b) => a - b);

test('constant is always the same', () => {
  expect(new Set(draw('constant:1.5s', 10))).toEqual(new Set([1_500]));
});

test('exponential has the given mean', () => {
  const draws = draw('exponential:5ms');
  const meanMs = draws.reduce((sum, ms) => sum + ms, 0) / draws.length;
  expect(meanMs).toBeGreaterThan(4.7);
  expect(meanMs).toBeLessThan(5.3);
});

test('lognormal has the given median and p99', () => {
  const draws = draw('lognormal:5ms,20ms');
  expect(Math.abs((draws[10_000] ?? 0) - 5)).toBeLessThan(0.3);
  expect(Math.abs((draws[19_800] ?? 0) - 20)).toBeLessThan(3);
});

test.each(['exponential:5ms', 'lognormal:5ms,20ms'])(
  '%s comes in the same order from the same seed',
  (text) => {
    expect(times(text, 1_000, 42)).toEqual(times(text, 1_000, 42));
    expect(times(text, 1_000, 43)).not.toEqual(times(text, 1_000, 42));
  },
);

test.each([
  '',
  '5ms',
  'constant',
  'constant:5',
  'constant:-5ms',
  'constant:5ms,6ms',
  'lognormal:5ms',
  'lognormal:20ms,5ms',
  'lognormal:0ms,5ms',
  'uniform:5ms',
  'exponential:5ms:6ms',
  'constant:99999999s',
  'lognormal:5ms,3601s',
])('%j is not a service time', (text) => {
  expect(parseServiceTime(text)).toBeUndefined();
});
