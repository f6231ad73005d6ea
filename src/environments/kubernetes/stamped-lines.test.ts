import { expect, test } from 'vitest';
import { StampedLines } from './stamped-lines.ts';

function collect(from?: string) {
  const seen: string[] = [];
  const lines = new StampedLines(from, (batch) => seen.push(...batch.map(String)));
  const take = (text: string) => {
    lines.add(Buffer.from(text));
    lines.drain();
  };
  return { seen, lines, take };
}

test('the time before a line is taken off, however the stream is cut', () => {
  const { seen, take } = collect();
  take('2026-01-02T03:04:05.1Z bw1 a b\n2026-01-02T03:04:05.12');
  take('3Z bw1 c\n');
  expect(seen).toEqual(['bw1 a b\n', 'bw1 c\n']);
});

test('after a break no line comes twice and none is left out', () => {
  const { seen, lines, take } = collect();
  take('2026-01-02T03:04:05.9Z one\n2026-01-02T03:04:05.91Z tw');
  expect(lines.since()).toBe('2026-01-02T03:04:05Z');
  lines.restart();
  take('2026-01-02T03:04:05.9Z one\n2026-01-02T03:04:05.91Z two\n2026-01-02T03:04:06Z three\n');
  expect(seen).toEqual(['one\n', 'two\n', 'three\n']);
});

test('fractions are compared as numbers, not as texts', () => {
  const { seen, take } = collect();
  take('2026-01-02T03:04:05.5Z first\n2026-01-02T03:04:05.500000001Z second\n2026-01-02T03:04:05.49Z old\n');
  expect(seen).toEqual(['first\n', 'second\n']);
});

test('lines of an earlier run are left out', () => {
  const { seen, take } = collect('2026-01-02T03:04:05.000Z');
  take('2026-01-02T03:04:04.9Z old\n2026-01-02T03:04:05.1Z new\n');
  expect(seen).toEqual(['new\n']);
});
