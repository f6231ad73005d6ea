import { expect, test } from 'vitest';
import { readDuration } from './go-duration.ts';

test.each([
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['.5s', 500],
  ['2.s', 2_000],
  ['+3s', 3_000],
  ['7µs', 0.007],
  ['7μs', 0.007],
  ['0', 0],
  ['0s', 0],
  ['5', undefined],
  ['-1s', undefined],
  ['.s', undefined],
  ['5 s', undefined],
  ['5S', undefined],
  ['', undefined],
  [5, undefined],
])('%j is %j ms, as Go reads it', (written, ms) => {
  expect(readDuration(written)).toBe(ms);
});
