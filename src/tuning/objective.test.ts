import { expect, test } from 'vitest';
import { describeObjective, neededAnswers, parseObjective, tightest } from './objective.ts';

test('an objective is read, whichever way it is written', () => {
  const read = parseObjective('p99 < 50ms, success >= 99.9%');
  expect(read).toEqual({ latencies: [{ percentile: 99, atMostMs: 50 }], successAtLeast: 0.999 });
  expect(parseObjective('success>=99.9% and p99<=50ms')).toEqual(read);
  expect(parseObjective(' success >= 99.9 %,p99 < 50 ms ')).toEqual(read);
  expect(describeObjective(read)).toBe('p99 at most 50 ms, success at least 99.9 %');
});

test('the tightest limit is the one that a wait counts against first', () => {
  const read = parseObjective('p99 < 1s, p50 < 80ms, success >= 99%');
  expect(tightest(read)).toEqual({ percentile: 50, atMostMs: 80 });
  expect(neededAnswers(read)).toBe(500);
});
