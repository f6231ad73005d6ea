import { expect, test } from 'vitest';
import { generatedScript, mistakesIn, planLoad } from '../testing/plan-load.ts';
import { describeLoad, heightAt, planLines } from './index.ts';

const written = {
  stages: [
    { rate: '10/s', duration: '10s' },
    { rate: '50/s', duration: '20s' },
  ],
};

test('stages last as long as all of them together, and ask for the highest rate', () => {
  expect(planLoad(written)).toMatchObject({
    shape: { kind: 'stages' },
    durationMs: 30_000,
    peakRate: 50,
    users: 275,
  });
});

test('stages read as their peak', () => {
  const load = planLoad(written);
  expect(describeLoad(load)).toBe('up to 50 requests/s in 2 stages over 30 s, from client to shop');
  expect(planLines(load)).toEqual([
    'up to 50/s in an open loop from client to shop, 30 s',
    'GET http://shop:8080/cart, 275 virtual users',
  ]);
});

test('the first stage is level, and each later one goes evenly from the one before', () => {
  const load = planLoad(written);
  expect([0, 10_000, 20_000, 30_000, 31_000].map((atMs) => heightAt(load, atMs))).toEqual([
    0.2, 0.2, 0.6, 1, 1,
  ]);
  expect(generatedScript(written)).toMatchObject({
    executor: {
      executor: 'ramping-arrival-rate',
      startRate: 600,
      stages: [
        { target: 600, duration: '10000ms' },
        { target: 3_000, duration: '20000ms' },
      ],
    },
    pieces: [
      { ms: 10_000, from: 0.01, to: 0.01 },
      { ms: 20_000, from: 0.01, to: 0.05 },
    ],
  });
});

test.each([
  [{ ...written, duration: '9s' }, 'duration: stages have durations of their own; leave this one out'],
  [{ stages: [{ rate: '0/s', duration: '30s' }] }, 'stages: every stage has a rate of 0'],
  [
    {
      stages: [
        { rate: '9/s', duration: '30s' },
        { rate: '1/s', duration: '0s' },
      ],
    },
    'stages.1.duration: expected a duration above 0',
  ],
  [
    {
      stages: [
        { rate: '10/s', duration: '9s' },
        { rate: '0.5/m', duration: '9s' },
      ],
    },
    'stages.1.rate: expected at least one request a minute, got 0.5/m | 1/m is the slowest load',
  ],
])('%j is a mistake', (load, words) => {
  expect(mistakesIn(load)).toEqual([words]);
});
