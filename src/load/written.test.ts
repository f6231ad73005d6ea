import { expect, test } from 'vitest';
import { mistakesIn } from './testing/plan-load.ts';
import { waysToWrite } from './written.ts';

const ways = `give ${waysToWrite}`;

test('every shape says how it is written', () => {
  expect(waysToWrite).toMatch(/^rate and duration; stages; closed and duration; .*or \w+/);
});

test.each([
  [{}, `: the load says neither how much nor how long | ${ways}`],
  [
    { rate: '1/s', closed: { users: 3 }, duration: '9s' },
    `closed: closed and rate exclude each other | ${ways}`,
  ],
  [{ rate: '1/s', duration: '9s', maxLatency: '0s' }, 'maxLatency: expected a duration above 0'],
  [{ rate: '1/s', duration: '25h' }, 'duration: the load lasts longer than 1440 min'],
  [{ rate: '1/s', duration: '2s' }, 'duration: the load lasts 2 s, and the warmup alone takes 2 s'],
  [
    { stages: [{ rate: '1/s', duration: '2s' }] },
    'stages: the load lasts 2 s, and the warmup alone takes 2 s',
  ],
  [
    { rate: '9000/s', duration: '9s' },
    'rate: this takes 49500 virtual users; at most 20000 fit on one machine | lower the rate or maxLatency',
  ],
  [
    { rate: '1/s', duration: '9s', users: 20_001 },
    'users: this takes 20001 virtual users; at most 20000 fit on one machine | give at most 20000',
  ],
])('%j is a mistake', (load, words) => {
  expect(mistakesIn(load)).toEqual([words]);
});
