import { expect, test } from 'vitest';
import { generatedScript, mistakesIn, planLoad } from '../testing/plan-load.ts';
import { describeLoad, heightAt, planLines } from './index.ts';

const written = { rate: '100/s', duration: '30s', maxLatency: '3s' };

test('a rate is held for its duration, with users for the worst latency', () => {
  const load = planLoad(written);
  expect(load).toMatchObject({
    shape: { kind: 'rate', rate: 100 },
    durationMs: 30_000,
    peakRate: 100,
    users: 330,
  });
  expect(planLoad({ ...written, users: 3 }).users).toBe(3);
  expect(heightAt(load, 15_000)).toBe(1);
});

test('a rate reads as one', () => {
  const load = planLoad(written);
  expect(describeLoad(load)).toBe('100 requests/s for 30 s, from client to shop');
  expect(planLines(load)).toEqual([
    '100/s in an open loop from client to shop, 30 s',
    'GET http://shop:8080/cart, 330 virtual users',
  ]);
});

test('k6 gets a rate in whole requests a minute, and due times from just that', () => {
  expect(generatedScript({ ...written, rate: '1.51/m', duration: '5m' })).toEqual({
    executor: {
      executor: 'constant-arrival-rate',
      rate: 2,
      duration: '300000ms',
      timeUnit: '60s',
      preAllocatedVUs: 2,
      maxVUs: 2,
      gracefulStop: '2000ms',
    },
    pieces: [{ ms: 300_000, from: 2 / 60_000, to: 2 / 60_000 }],
  });
});

test.each([
  [{ rate: '0/s', duration: '30s' }, 'rate: expected a rate above 0'],
  [{ rate: '1/s' }, 'rate: rate needs a duration beside it | such as duration: 30s'],
  [
    { rate: '0.001/s', duration: '30s' },
    'rate: expected at least one request a minute, got 0.06/m | 1/m is the slowest load',
  ],
])('%j is a mistake', (load, words) => {
  expect(mistakesIn(load)).toEqual([words]);
});
