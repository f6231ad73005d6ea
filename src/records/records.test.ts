import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { seededDraw } from '../../apps/edge-app/src/chance.ts';
import { sampleReport } from '../report/fixture.ts';
import { addToBaseline, readBaseline } from './baseline.ts';
import { fewestRuns, holdAgainst } from './hold.ts';
import { recordedMachine } from './machine.ts';
import { BASELINE_SCHEMA, type Baseline, type RunRecord, recordSchema } from './model.ts';
import { recordOf } from './record.ts';
import { machine, record } from './testing/records.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

const baseline = (runs: readonly RunRecord[]): Baseline => ({ schema: BASELINE_SCHEMA, runs: [...runs] });

/** Numbers around 1 that differ by some percent, as runs do. */
function noise(stream: number) {
  const draw = seededDraw(3, stream);
  return () => 1 + 0.03 * Array.from({ length: 12 }, draw).reduce((sum, each) => sum + each, -6);
}

/** Twelve days' runs, each a little different. */
function days(stream: number, count = 12): RunRecord[] {
  const next = noise(stream);
  return Array.from({ length: count }, (_, day) =>
    record(day, { p50: 8 * next(), p95: 20 * next(), p99: 80 * next(), goodput: 398 * next() }),
  );
}

describe('what is kept of a run', () => {
  test('is its measures, its spread, and what tells whether others compare', () => {
    const kept = record(1);
    expect(recordSchema.parse(kept)).toEqual(kept);
    expect(kept.spread['goodput']?.windows).toBeGreaterThan(2);
    expect(kept.spread['p95']?.low).toBeLessThan(kept.spread['p95']?.high ?? 0);
    expect(recordSchema.shape.machine.parse(recordedMachine()).cpus).toBeGreaterThan(0);
  });

  test('of one that proves nothing, was interrupted or has no measures is nothing', () => {
    const measures = { p50: 1 };
    expect(recordOf({ ...sampleReport('invalid'), measures }, machine)).toBeUndefined();
    expect(recordOf({ ...sampleReport(), measures, interrupted: true }, machine)).toBeUndefined();
    expect(recordOf(sampleReport(), machine)).toBeUndefined();
  });

  test('is of the same experiment whatever the configuration is, and of another where load or faults differ', () => {
    const report = { ...sampleReport(), measures: {} };
    const experiment = (changed: object) =>
      recordOf({ ...report, ...changed }, machine)?.scenario.fingerprint;
    expect(experiment({ configuration: [] })).toBe(experiment({}));
    expect(experiment({ scenario: { ...report.scenario, load: '1/s' } })).not.toBe(experiment({}));
    expect(experiment({ faults: [] })).not.toBe(experiment({}));
  });
});

describe('a baseline', () => {
  test('takes the runs of one experiment, each once, in their order', async () => {
    const file = join(folder, 'a.json');
    expect(await readBaseline(file)).toBeUndefined();
    for (const day of [2, 1, 2]) await addToBaseline(file, record(day));
    expect((await readBaseline(file))?.runs.map(({ run }) => run)).toEqual(['run-1', 'run-2']);
  });

  test.each([
    ['scenario', { scenario: { ...record(1).scenario, fingerprint: 'other' } }, /load, faults or checks/],
    [
      'machine',
      { machine: { ...machine, kind: 'other', processor: 'Slow 1' } },
      /4 × Tester 3000.*4 × Slow 1/,
    ],
    [
      'program',
      { versions: { ...record(1).versions, envoy: '1.40' } },
      /other programs: envoy .*, now 1\.40/,
    ],
    ['environment', { environment: 'kind' }, /runs on local/],
  ])('takes none of another %s', async (what, changed, why) => {
    const file = join(folder, `${what}.json`);
    await addToBaseline(file, record(1));
    await expect(addToBaseline(file, { ...record(2), ...changed })).rejects.toThrow(why);
    expect((await readBaseline(file))?.runs).toHaveLength(1);
  });

  test.each(['', '{}', '[1]', '{"schema":"breakwater/baseline/v1","runs":[]}', 'no'])(
    'is not %j',
    async (text) => {
      const file = join(folder, 'none.json');
      writeFileSync(file, text);
      await expect(readBaseline(file)).rejects.toThrow(`${file} is no baseline`);
    },
  );
});

describe('a run held against a baseline', () => {
  const now = (measures = {}) => record(13, measures);
  const verdictOf = (held: ReturnType<typeof holdAgainst>, measure: string) =>
    held.measures.find((each) => each.measure === measure)?.verdict;

  test('that is slower than runs differ by themselves has regressed', () => {
    const held = holdAgainst(baseline(days(1)), now({ p95: 40 }));
    expect(held.cannot).toEqual([]);
    expect(held.verdict).toBe('regressed');
    expect(verdictOf(held, 'p95')).toBe('regressed');
    const p95 = held.measures.find(({ measure }) => measure === 'p95');
    expect(p95?.effect).toBeGreaterThan(0.7);
    expect(p95?.smallestSeen).toBeLessThan(0.7);
    expect(held.caveats.join(' ')).toContain('not measured side by side');
  });

  test('of a goodput that is higher has improved', () => {
    expect(verdictOf(holdAgainst(baseline(days(1)), now({ goodput: 600 })), 'goodput')).toBe('improved');
    expect(verdictOf(holdAgainst(baseline(days(1)), now({ goodput: 200 })), 'goodput')).toBe('regressed');
  });

  test('says regressed of runs that are alike once in a hundred times at most', () => {
    let alarms = 0;
    for (let stream = 0; stream < 300; stream += 1) {
      const [last, ...before] = days(stream, 13).toReversed();
      if (last && holdAgainst(baseline(before), last).verdict === 'regressed') alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(6);
  });

  test('that is the same as always is called so where its margin allows it', () => {
    const still = Array.from({ length: 12 }, (_, day) => record(day));
    const held = holdAgainst(baseline(still), now());
    expect(held.verdict).toBe('not-worse');
    expect(verdictOf(held, 'errors')).toBe('same');
  });

  test.each([
    ['few runs', days(1, fewestRuns - 1), {}, /7 of the 8 runs/],
    ['another machine', days(1), { machine: { ...machine, kind: 'b' } }, /another kind of machine/],
    ['an old one', days(1), { at: '2026-05-01T00:00:00.000Z' }, /days old/],
    ['other programs', days(1), { versions: { mesh: 'istio 2' } }, /other programs/],
    ['another load', days(1), { scenario: { ...record(1).scenario, fingerprint: 'x' } }, /load, faults/],
    ['a younger one', days(1), { at: '2025-01-01T00:00:00.000Z' }, /younger/],
  ])('gets no verdict from %s', (_, runs, changed, why) => {
    const held = holdAgainst(baseline(runs), { ...now({ p95: 400 }), ...changed });
    expect(held.verdict).toBe('inconclusive');
    expect(held.cannot.join('; ')).toMatch(why);
    expect(held.measures.every(({ verdict }) => verdict === 'inconclusive')).toBe(true);
    expect(held.measures.find(({ measure }) => measure === 'p95')?.effect).toBeGreaterThan(10);
  });

  test('says what it cannot show: other hosts, and days that it has not seen', () => {
    const hour = days(1).map((each, index) => ({ ...each, at: `2026-01-12T10:${10 + index}:00.000Z` }));
    const other = { ...now(), machine: { ...machine, host: 'host-b' } };
    expect(holdAgainst(baseline(hour), other).caveats.slice(1)).toEqual([
      'Its runs lie within 1 h: how days differ is not in it.',
      'Its runs are of 2 machines of one kind, which differ by themselves.',
    ]);
  });

  test('of itself alone is not held against itself', () => {
    expect(holdAgainst(baseline([record(1)]), record(1)).cannot).toEqual(['it has no run but this one']);
  });
});
