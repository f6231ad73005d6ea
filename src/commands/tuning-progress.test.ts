import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Progress } from '../kit/terminal.ts';
import type { Measured } from '../tuning/contract.ts';
import type { TrialRecord } from '../tuning/journal.ts';
import { watchSearch } from './tuning-progress.ts';

const measured: Measured = {
  holds: false,
  missed: ['success 87 %, at least 99.9 %'],
  offered: 110,
  goodput: 95.4,
  success: 0.87,
  refused: 0.13,
  latencyMs: { p95: 240 },
  serviceMs: 200,
  serviceVariation: 0,
  serverMs: 200,
};
const record = (name: string, rest: Partial<TrialRecord>): TrialRecord => ({
  name,
  ask: { purpose: 'tcp.maxConnections', judged: 'nominal', rate: 110, limits: { 'tcp.maxConnections': 19 } },
  endedAt: 1,
  tookMs: 4_000,
  verdict: 'fails',
  ...rest,
});

function notesOf(use: (watcher: ReturnType<typeof watchSearch>) => void, trials = Number.MAX_SAFE_INTEGER) {
  const notes: string[] = [];
  const nothing = () => {};
  const progress: Progress = {
    ...{ step: nothing, ongoing: nothing, status: nothing, warn: nothing, done: nothing },
    note: (text) => notes.push(stripVTControlCharacters(text)),
  };
  use(watchSearch({ ms: 240_000, trials }, progress));
  return notes;
}

test('the table has one head, and a row as each trial ends with where the answer lies then and what is left', () => {
  const notes = notesOf((watcher) => {
    watcher.trial(record('trial-007', { measured }), { ms: 60_000, trials: 7 }, { low: 20, high: 26 });
    watcher.trial(
      record('trial-008', { verdict: 'invalid', why: 'k6 came late' }),
      { ms: 65_000, trials: 8 },
      undefined,
    );
  });
  expect(notes).toHaveLength(5);
  expect(notes[0]).toMatch(
    /^trial +result +offered +goodput +refused +latency +answer +left +limits at each client$/,
  );
  expect(notes[1]).toMatch(
    /^ {4}7 +fails +110\/s +95\.4\/s +13 % +p95 240 ms +20 to 26 +3 min +maxConnections 19$/,
  );
  expect(notes[2]).toMatch(/^ +success 87 %, at least 99\.9 %$/);
  expect(notes[3]).toMatch(/^ {4}8 +invalid +110\/s +- +- +- +- +2 min 55 s +maxConnections 19$/);
  expect(notes[4]).toMatch(/^ +k6 came late$/);
  // Every cell ends, or begins, where its head does.
  expect(notes[1]?.indexOf('maxConnections')).toBe(notes[0]?.indexOf('limits'));
  expect(notes[1]?.indexOf('110/s')).toBe(
    (notes[0]?.indexOf('offered') ?? 0) + 'offered'.length - '110/s'.length,
  );
});

test('a budget of trials is counted in trials, and what is tried on another shape is beyond it', () => {
  const shaped = record('trial-031', { measured, ask: { ...record('', {}).ask, shape: 'one replica less' } });
  const notes = notesOf((watcher) => {
    watcher.trial(record('trial-007', { measured }), { ms: 60_000, trials: 7 }, undefined);
    watcher.trial(shaped, { ms: 90_000, trials: 31 }, undefined);
  }, 30);
  expect(notes[1]).toContain('23 trials');
  expect(notes[3]).toMatch(/ - {2}one replica less: maxConnections 19$/);
});
