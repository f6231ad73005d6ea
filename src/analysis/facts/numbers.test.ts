import { expect, test } from 'vitest';
import { formatMs, formatPercent } from '../../kit/format.ts';
import { percentileOf } from '../../kit/percentile.ts';
import { wilson } from '../../kit/wilson.ts';
import { calibrate } from '../traffic/due-clock.ts';
import { latenciesOf } from './percentile.ts';

test('percentiles are exact, by nearest rank', () => {
  const hundred = Float32Array.from({ length: 100 }, (_, index) => 100 - index);
  const latencies = latenciesOf(hundred);
  expect([0, 1, 50, 95, 99, 99.5, 100].map((p) => latencies.percentile(p))).toEqual([
    1, 1, 50, 95, 99, 100, 100,
  ]);
  expect(latenciesOf(new Float32Array()).percentile(50)).toBeUndefined();
  expect(percentileOf([7], 99)).toBe(7);
});

test("Wilson's interval: known values, and sound at the ends", () => {
  const half = wilson(50, 100);
  expect(half.low).toBeCloseTo(0.3753, 3);
  expect(half.high).toBeCloseTo(0.6247, 3);
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  expect(wilson(5, 5).high).toBe(1);
  expect(wilson(5, 5).low).toBeCloseTo(0.4297, 3);
  expect(wilson(0, 1_000)).toMatchObject({ low: 0 });
  expect(wilson(0, 1_000).high).toBeCloseTo(0.0066, 3);
});

test('the offset of the clocks is the smallest lag, less outliers', () => {
  const lags = Float32Array.from({ length: 5_000 }, (_, index) => 3 + ((index * 7) % 100) / 100);
  lags[17] = -400;
  lags[18] = Number.NaN;
  const clock = calibrate(lags, lags.length);
  expect(clock.samples).toBe(4_999);
  expect(clock.offsetMs).toBeCloseTo(3, 1);
  expect(clock.lagP99Ms).toBeCloseTo(0.98, 1);
  expect(calibrate(new Float32Array(0), 0)).toMatchObject({ offsetMs: 0, lagP99Ms: undefined });
});

test('numbers read well and never cross a limit by rounding', () => {
  expect([0.99984, 1, 0, 0.999999999, 1e-9].map(formatPercent)).toEqual([
    '99.984 %',
    '100 %',
    '0 %',
    'just under 100 %',
    'just over 0 %',
  ]);
  expect([0.123, 3.456, 512.34, 1_240, 75_000, 120_000].map(formatMs)).toEqual([
    '0.12 ms',
    '3.46 ms',
    '512.3 ms',
    '1.24 s',
    '1 min 15 s',
    '2 min',
  ]);
});
