import { describe, expect, test } from 'vitest';
import { type Draw, seededDraw } from '../../apps/edge-app/src/chance.ts';
import { neededForPercentile } from '../checks/index.ts';
import { changePoints } from '../history/change-points.ts';
import { measureKinds } from '../model/measures.ts';
import { holdAgainst } from '../records/hold.ts';
import { BASELINE_SCHEMA } from '../records/model.ts';
import { machine, record } from '../records/testing/records.ts';
import { Judge, type Judgement } from './judge.ts';
import { orderOf } from './order.ts';
import { measuresOfRound, type Pair } from './statistics/paired-effects.ts';

/** What people who compare performance in CI have reported, each made small, and what is the right answer to it. */

const latencies = ['p50', 'p95', 'p99', 'p99.9', 'cpu', 'errors', 'goodput', 'attempts'] as const;
const margins = (...names: readonly (keyof typeof measureKinds)[]) =>
  new Map(names.map((name) => [name, measureKinds[name].margin]));

/** Twelve tosses make a bell of width 1. */
const bellOf = (draw: Draw) => () => Array.from({ length: 12 }, draw).reduce((sum, each) => sum + each, -6);

/** A comparison to its end: `of` is asked for what each round of a pair shows, in the order of its lot. */
function compared(
  seed: number,
  names: readonly (keyof typeof measureKinds)[],
  of: (side: 'a' | 'b', position: 0 | 1, pair: number) => Readonly<Record<string, number>>,
  mostPairs = 40,
): Judgement & { readonly pairs: number } {
  const judge = new Judge({ margins: margins(...names), mostPairs });
  const pairs: Pair[] = [];
  for (;;) {
    const shown: { a?: Pair['a']; b?: Pair['b'] } = {};
    for (const [position, side] of orderOf(seed, pairs.length + 1).entries()) {
      shown[side] = measuresOfRound(of(side, position as 0 | 1, pairs.length));
    }
    pairs.push(shown as Pair);
    if (pairs.length < (judge.nextLook ?? 0)) continue;
    const judgement = judge.judge(pairs);
    if (judgement.answer !== undefined) return { ...judgement, pairs: pairs.length };
  }
}

describe('a change that changes nothing', () => {
  // https://github.com/shakacode/react_on_rails/issues/4071
  test('of words in a document, on runners whose runs differ by half, is not worse in any of many metrics', () => {
    let alarms = 0;
    for (let seed = 0; seed < 60; seed += 1) {
      const bell = bellOf(seededDraw(seed, 1));
      const { answer } = compared(seed, latencies, () =>
        Object.fromEntries(latencies.map((name) => [name, Math.exp(0.5 * bell())])),
      );
      alarms += Number(answer === 'regressed');
    }
    // At most 1 %: four would come once in three hundred times.
    expect(alarms).toBeLessThan(4);
  });

  // https://github.com/d-o-hub/rust-self-learning-memory/pull/1025
  test('is no finding though one run in three is a tenth slower than the one before', () => {
    const bell = bellOf(seededDraw(9, 1));
    const runs = Array.from({ length: 400 }, () => Math.exp(0.2 * bell()));
    const slower = runs.filter((run, index) => run > 1.1 * (runs[index - 1] ?? run)).length;
    expect(slower / runs.length).toBeGreaterThan(0.25);
    let at = 0;
    const next = () => ({ p50: runs[at++ % runs.length] ?? 1 });
    const answers = Array.from({ length: 5 }, (_, seed) => compared(seed, ['p50'], next).answer);
    expect(answers).not.toContain('regressed');
  });

  // https://github.com/vtjeng/MIPVerify.jl/issues/276
  test('is none where whatever comes second is 7 % faster: the lot says who comes second', () => {
    const answers = Array.from({ length: 40 }, (_, seed) => {
      const bell = bellOf(seededDraw(seed, 2));
      return compared(seed, ['p50'], (_side, position) => ({
        p50: (position === 1 ? 0.93 : 1) * Math.exp(0.01 * bell()),
      }));
    });
    expect(answers.filter(({ answer }) => answer === 'regressed').length).toBeLessThan(3);
    expect(answers.filter(({ standings: [p50] }) => p50?.verdict === 'improved').length).toBeLessThan(3);
  });

  // https://github.com/samyama-ai/samyama-graph/issues/752
  test('is none where the first round of all takes twice as long', () => {
    const bell = bellOf(seededDraw(4, 3));
    const { answer, standings } = compared(5, ['p50'], (_side, position, pair) => ({
      p50: (pair === 0 && position === 0 ? 1.9 : 1) * Math.exp(0.01 * bell()),
    }));
    expect(answer).toBe('not-worse');
    expect(Math.abs(standings[0]?.effect ?? 1)).toBeLessThan(0.02);
  });

  // https://github.com/DonaldMurillo/gofastr-plugins/issues/71
  test('is none where one round has four times the p99 that all others have', () => {
    const bell = bellOf(seededDraw(6, 4));
    const { answer } = compared(6, ['p50', 'p99'], (side, _position, pair) => ({
      p50: 8 * Math.exp(0.01 * bell()),
      p99: side === 'b' && pair === 2 ? 59.8 : 15.6 * Math.exp(0.03 * bell()),
    }));
    expect(answer).toBe('not-worse');
  });

  // https://github.com/SpeedHQ/RaceIQ/pull/259
  test('is not held to the same percentage at the tail as in the middle', () => {
    const bell = bellOf(seededDraw(7, 5));
    const { answer, standings } = compared(7, ['p50', 'p99'], (side) => ({
      p50: (side === 'b' ? 1.023 : 1) * Math.exp(0.005 * bell()),
      p99: (side === 'b' ? 1.15 : 1) * Math.exp(0.02 * bell()),
    }));
    expect(answer).toBe('not-worse');
    expect(standings.map(({ verdict }) => verdict)).toEqual(['same', 'same']);
  });

  // https://github.com/johnsonlee/graphite/pull/125
  test('does not fail for the spread of what was there before', () => {
    const bell = bellOf(seededDraw(8, 6));
    const { answer } = compared(8, ['p95'], (side) => ({
      p95: 8.4 * Math.exp((side === 'a' ? 0.08 : 0.02) * bell()),
    }));
    expect(answer).toBe('not-worse');
  });
});

describe('an answer', () => {
  // https://github.com/fork-tongue/observ/pull/187
  test('is not asked for again until it is another: what took its last look says what it said', () => {
    const judge = new Judge({ margins: margins('p50'), mostPairs: 12 });
    const bell = bellOf(seededDraw(2, 7));
    const pair = (b: number): Pair => ({
      a: measuresOfRound({ p50: Math.exp(0.3 * bell()) }),
      b: measuresOfRound({ p50: b * Math.exp(0.3 * bell()) }),
    });
    const pairs = Array.from({ length: 12 }, () => pair(1));
    for (const due of [9, 12]) judge.judge(pairs.slice(0, due));
    const { answer } = judge.judge(pairs);
    expect(['inconclusive', 'not-worse']).toContain(answer);
    const more = [...pairs, ...Array.from({ length: 40 }, () => pair(2))];
    expect(judge.judge(more).answer).toBe(answer);
  });

  // https://github.com/DataDog/dd-sdk-android/pull/3749
  test('of four rounds a side is not that there is no difference: they would have seen none', () => {
    const bell = bellOf(seededDraw(3, 8));
    const judge = new Judge({ margins: margins('p50'), mostPairs: 40 });
    const pairs = Array.from({ length: 4 }, () => ({
      a: measuresOfRound({ p50: Math.exp(0.1 * bell()) }),
      b: measuresOfRound({ p50: 1.2 * Math.exp(0.1 * bell()) }),
    }));
    const { answer, standings } = judge.judge(pairs, true);
    expect(answer).toBe('inconclusive');
    expect(standings[0]?.smallestSeen).toBeUndefined();
  });

  // https://github.com/OHDSI/Data2Evidence/pull/3090
  test('about a p95 takes more requests than the slowest of ten', () => {
    expect(neededForPercentile(95)).toBeGreaterThanOrEqual(100);
    expect(neededForPercentile(99)).toBeGreaterThanOrEqual(500);
  });
});

describe('a stored baseline', () => {
  const runs = Array.from({ length: 12 }, (_, day) => record(day, { p50: 8 + 0.1 * Math.sin(day) }));
  const hold = (now: ReturnType<typeof record>) => holdAgainst({ schema: BASELINE_SCHEMA, runs }, now);

  // https://github.com/yuluo-yx/typo/pull/83
  test('that was left where it was gives no verdict after weeks', () => {
    const { verdict, cannot } = hold(record(80, { p50: 12 }));
    expect(verdict).toBe('inconclusive');
    expect(cannot.join()).toContain('days old');
  });

  // https://github.com/istio/istio.io/issues/14585
  test('of another machine gives none about a version of the mesh', () => {
    const now = {
      ...record(13, { p50: 2 }),
      machine: { ...machine, kind: 'bare metal', processor: 'Fast 9' },
    };
    const { verdict, cannot } = hold(now);
    expect(verdict).toBe('inconclusive');
    expect(cannot.join()).toContain('Fast 9');
  });
});

// https://github.com/crate/crate-benchmarks/pull/126
test('what gets slower by 1 % with every change is found over time, though no change is', () => {
  const bell = bellOf(seededDraw(11, 9));
  const series = Array.from({ length: 40 }, (_, run) => 10 * 1.01 ** run * Math.exp(0.01 * bell()));
  const worst = Math.max(...series.map((value, index) => value / (series[index - 1] ?? value)));
  expect(worst).toBeLessThan(1.1);
  expect(changePoints(series).length).toBeGreaterThan(0);
  expect(changePoints(series).every(({ before, after }) => after > before)).toBe(true);
});
