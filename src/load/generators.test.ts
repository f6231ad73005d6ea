import { expect, test } from 'vitest';
import { segment, sumTotals } from './generators.ts';

test('one k6 runs all of the test, several a part each', () => {
  expect(segment(0, 1)).toEqual([]);
  expect(segment(0, 3)).toEqual([
    '--execution-segment',
    '0:1/3',
    '--execution-segment-sequence',
    '0,1/3,2/3,1',
  ]);
  expect(segment(2, 3)[1]).toBe('2/3:1');
});

test('totals of several k6 are summed, at any depth', () => {
  const one = { requests: 10, latencyMs: { p95: 8 }, answers: { '2xx': 9, '5xx': 1 } };
  const other = { requests: 5, latencyMs: { p95: 9 }, answers: { '2xx': 4, none: 1 } };
  expect(JSON.parse(sumTotals([JSON.stringify(one), JSON.stringify(other)]))).toEqual({
    requests: 15,
    answers: { '2xx': 13, '5xx': 1, none: 1 },
    generators: 2,
  });
});
