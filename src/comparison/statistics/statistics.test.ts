import { describe, expect, test } from 'vitest';
import { seededDraw } from '../../../apps/edge-app/src/chance.ts';
import { type MeasureKind, measureKinds } from '../../model/measures.ts';
import { burdenOf, slopeOf } from './burden.ts';
import { holm } from './holm.ts';
import { planLooks } from './looks.ts';
import { Effects, measuresOfRound, type Pair, type PairedEffects } from './paired-effects.ts';
import { hodgesLehmann, SignedRank, walshAverages } from './signed-rank.ts';
import vectors from './testing/vectors.json' with { type: 'json' };

const ranks = new SignedRank();
const paired = (effects: readonly number[]) => effects as readonly number[] as PairedEffects;

describe(`what ${vectors.origin} says`, () => {
  test.each(vectors.pValues)('p-value of $effects', ({ effects, greater }) => {
    expect(ranks.pValue(paired(effects))).toBeCloseTo(greater, 12);
  });

  test.each(vectors.bounds)('bounds at $level of $effects', ({ effects, level, low, high }) => {
    const found = ranks.bounds(paired(effects), level);
    expect(found.low).toBeCloseTo(low ?? Number.NEGATIVE_INFINITY, 12);
    expect(found.high).toBeCloseTo(high ?? Number.POSITIVE_INFINITY, 12);
  });

  test.each(vectors.holm)('Holm at $level of $pValues', ({ pValues, level, rejected }) => {
    expect(holm(pValues, level)).toEqual(rejected);
  });
});

test('the middle of the depression scale factors of Hollander and Wolfe is what they give', () => {
  const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const effects = paired(before.map((each, index) => each - (after[index] ?? 0)));
  expect(hodgesLehmann(walshAverages(effects))).toBeCloseTo(0.46, 6);
  expect(ranks.pValue(effects)).toBeCloseTo(0.01953, 5);
});

test('one pair that something has held up moves the middle no further than any other would', () => {
  const effects = [0.01, -0.02, 0.03, 0.02, -0.01, 0.015, -0.005];
  const middle = (last: number) => hodgesLehmann(walshAverages(paired([...effects, last])));
  expect(middle(50)).toBe(middle(5));
  expect(Math.abs(middle(50))).toBeLessThan(0.04);
});

describe('looks', () => {
  test('use up all of the error together, and the last comes with the last pair', () => {
    for (const [measures, most] of [
      [1, 40],
      [10, 40],
      [10, 200],
      [10, 7],
      [3, 13],
    ] as const) {
      const looks = planLooks(measures, 0.01, most);
      expect(looks.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(looks.at(-1)?.pairs).toBe(most);
      expect(looks.map(({ pairs }) => pairs)).toEqual(
        looks.map(({ pairs }) => pairs).toSorted((a, b) => a - b),
      );
      expect(looks.every(({ share }) => share > 0)).toBe(true);
    }
  });

  test('begin when as many pairs can reject one of so many hypotheses', () => {
    const [first] = planLooks(10, 0.01, 40);
    const level = (0.01 * (first?.share ?? 0)) / 10;
    expect(2 ** -(first?.pairs ?? 0)).toBeLessThanOrEqual(level);
    expect(2 ** -((first?.pairs ?? 0) - 1)).toBeGreaterThan(level);
  });
});

describe('effects of pairs', () => {
  const effects = (pairs: readonly Pair[], kind: Pick<MeasureKind, 'worse' | 'offset'>) =>
    new Effects(pairs, 'p50', kind).beyond(0);
  const pair = (a: number, b: number) => ({ a: measuresOfRound({ p50: a }), b: measuresOfRound({ p50: b }) });

  test('are how much worse B was, in either direction', () => {
    expect(effects([pair(10, 12)], measureKinds.p50)[0]).toBeCloseTo(Math.log(1.2));
    const goodput = { ...measureKinds.goodput };
    expect(effects([pair(10, 12)], goodput)[0]).toBeCloseTo(-Math.log(1.2));
  });

  test('of what may be none are finite, and far above the offset what they would be without', () => {
    const errors = { worse: 'more', offset: 0.01 } as const;
    expect(effects([pair(0, 0.01)], errors)[0]).toBeCloseTo(Math.log(2));
    expect(effects([pair(0, 0)], errors)[0]).toBe(0);
    expect(effects([pair(10, 20)], errors)[0]).toBeCloseTo(Math.log(2), 2);
    expect(effects([pair(0, 5)], measureKinds.p50)[0]).toBeLessThan(100);
  });

  test('are left out where a side has none', () => {
    const without = { a: measuresOfRound({}), b: measuresOfRound({ p50: 1 }) };
    expect(effects([without, pair(1, 1)], measureKinds.p50)).toEqual([0]);
  });
});

describe('what else ran on the machine', () => {
  const next = seededDraw(5, 1);
  const bell = () => Array.from({ length: 12 }, next).reduce((sum, each) => sum + each, -6);
  /** Pairs whose effect goes up with the burden of B's round, by `slope`; B is slower by `effect`. */
  const burdened = (count: number, slope: number, effect = 0): Pair[] =>
    Array.from({ length: count }, () => {
      const burden = 0.4 * bell();
      const b = 10 * Math.exp(effect + slope * burden + 0.05 * bell());
      return { a: measuresOfRound({ p50: 10 }), b: measuresOfRound({ p50: b }), burden };
    });
  const pOf = (pairs: readonly Pair[]) => ranks.pValue(new Effects(pairs, 'p50', measureKinds.p50).beyond(0));
  const blind = (pairs: readonly Pair[]) => pairs.map(({ a, b }) => ({ a, b }));

  test('is none where nobody else was there, and finite where nothing was left', () => {
    expect(burdenOf({ cpus: 2, others: 0 })).toBeCloseTo(0, 12);
    expect(burdenOf({ cpus: 2, others: 1 })).toBeCloseTo(Math.log(2), 12);
    expect(burdenOf({ cpus: 2, others: 2 })).toBeLessThan(4);
    expect(burdenOf({ cpus: 0, others: 0 })).toBe(0);
  });

  test('explains what goes with it: a tenth is found that noise would have hidden', () => {
    const pairs = burdened(20, 0.8, Math.log(1.1));
    expect(pOf(pairs)).toBeLessThan(0.001);
    expect(pOf(blind(pairs))).toBeGreaterThan(0.01);
    const effects = new Effects(pairs, 'p50', measureKinds.p50);
    expect(Math.expm1(hodgesLehmann(walshAverages(effects.around(Math.log(1.1)))))).toBeCloseTo(0.1, 1);
  });

  test('makes nothing worse that is not, however much goes with it: the level holds', () => {
    for (const slope of [0, 0.8, -3]) {
      const comparisons = 2_000;
      let alarms = 0;
      for (let index = 0; index < comparisons; index += 1) {
        alarms += Number(pOf(burdened(9, slope)) <= 0.05);
      }
      // Three standard deviations above what it may be.
      expect(alarms / comparisons).toBeLessThan(0.065);
    }
  });

  test('is the same line whichever side is called A, so every lot is as likely as before', () => {
    const [effects, burdens] = [
      [0.1, -0.2, 0.05, 0.3, 0],
      [0.2, -0.1, 0, 0.5, 0.3],
    ];
    const line = slopeOf(effects, burdens);
    for (let lot = 0; lot < 32; lot += 1) {
      const turned = (values: readonly number[]) =>
        values.map((value, pair) => ((lot >> pair) & 1 ? -value : value));
      expect(slopeOf(turned(effects), turned(burdens))).toBe(line);
    }
    expect(slopeOf(effects, [])).toBe(0);
  });

  test('is never the reason for more than it can be, nor for what is faster', () => {
    // A machine that is quiet but for what B itself has it do: all of B's slowness goes with it.
    const own = Array.from({ length: 20 }, (_, index) => ({
      a: measuresOfRound({ p50: 10 }),
      b: measuresOfRound({ p50: 12 + Math.sin(index) }),
      burden: 0.01 + 0.001 * Math.cos(index),
    }));
    expect(pOf(own)).toBeLessThan(0.001);
    const turnedAround = own.map(({ burden, ...pair }) => ({ ...pair, burden: -burden }));
    expect(pOf(turnedAround)).toBe(pOf(blind(own)));
  });

  test('is left alone where nothing goes with it', () => {
    expect(slopeOf([0, 0, 0, 1], [1, -1, 1, 1])).toBe(0);
  });

  test('changes nothing of what is the same in nearly every round', () => {
    const pairs = Array.from({ length: 12 }, (_, index) => ({
      a: measuresOfRound({ p50: 1 }),
      b: measuresOfRound({ p50: index === 3 ? 2 : 1 }),
      burden: Math.sin(index + 1),
    }));
    const effects = new Effects(pairs, 'p50', measureKinds.p50).beyond(0);
    expect(effects.filter((effect) => effect === 0)).toHaveLength(11);
  });
});

test('latencies of requests fit into no test: it would not compile', () => {
  const latencies: readonly number[] = [12, 14, 11];
  // @ts-expect-error: requests of rounds are no pairs of rounds.
  ranks.pValue(latencies);
  // @ts-expect-error: nor are they an estimate of anything.
  walshAverages(new Float32Array(latencies));
  // @ts-expect-error: and what a round shows is one number a measure, not many.
  measuresOfRound({ p50: latencies });
  expect(latencies).toHaveLength(3);
});
