import { describe, expect, test } from 'vitest';
import { measureKinds } from '../../model/measures.ts';
import { holm } from './holm.ts';
import { planLooks } from './looks.ts';
import { measuresOfRound, type PairedEffects, pairedEffects } from './paired-effects.ts';
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
  const pair = (a: number, b: number) => ({ a: measuresOfRound({ p50: a }), b: measuresOfRound({ p50: b }) });

  test('are how much worse B was, in either direction', () => {
    expect(pairedEffects([pair(10, 12)], 'p50', measureKinds.p50)[0]).toBeCloseTo(Math.log(1.2));
    const goodput = { ...measureKinds.goodput };
    expect(pairedEffects([pair(10, 12)], 'p50', goodput)[0]).toBeCloseTo(-Math.log(1.2));
  });

  test('of what may be none are finite, and far above the offset what they would be without', () => {
    const errors = { worse: 'more', offset: 0.01 } as const;
    expect(pairedEffects([pair(0, 0.01)], 'p50', errors)[0]).toBeCloseTo(Math.log(2));
    expect(pairedEffects([pair(0, 0)], 'p50', errors)[0]).toBe(0);
    expect(pairedEffects([pair(10, 20)], 'p50', errors)[0]).toBeCloseTo(Math.log(2), 2);
    expect(pairedEffects([pair(0, 5)], 'p50', measureKinds.p50)[0]).toBeLessThan(100);
  });

  test('are left out where a side has none', () => {
    const without = { a: measuresOfRound({}), b: measuresOfRound({ p50: 1 }) };
    expect(pairedEffects([without, pair(1, 1)], 'p50', measureKinds.p50)).toEqual([0]);
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
