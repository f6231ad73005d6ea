import { describe, expect, test } from 'vitest';
import { Judge, type Judgement } from './judge.ts';
import { measuresOfRound, type Pair } from './statistics/paired-effects.ts';

/** Wobbles by a few percent, and never alike. */
const wobble = (index: number, by = 0.03) => 1 + by * Math.sin(index * 12.9898) * Math.cos(index * 4.1);

function pairs(count: number, of: (index: number) => readonly [a: object, b: object]): Pair[] {
  return Array.from({ length: count }, (_, index) => {
    const [a, b] = of(index);
    return { a: measuresOfRound({ ...a }), b: measuresOfRound({ ...b }) };
  });
}

/** Adds pair after pair until there is an answer. */
function decide(all: readonly Pair[], margins: Readonly<Record<string, number>>, mostPairs = all.length) {
  const judge = new Judge({ margins: new Map(Object.entries(margins)), mostPairs });
  let judgement: Judgement | undefined;
  let used = 0;
  for (; used < all.length && judgement?.answer === undefined; used += 1) {
    judgement = judge.judge(all.slice(0, used + 1));
  }
  judgement = judgement?.answer === undefined ? judge.judge(all, true) : judgement;
  const of = (measure: string) => judgement?.standings.find((each) => each.measure === measure);
  return { answer: judgement.answer, used, of };
}

describe('a measure', () => {
  test('that is worse by more than its margin in every pair has regressed, at the first look', () => {
    const { answer, used, of } = decide(
      pairs(40, (index) => [{ p50: 10 * wobble(index) }, { p50: 12 * wobble(index + 99) }]),
      { p50: 0.05 },
    );
    expect(answer).toBe('regressed');
    expect(used).toBe(9);
    expect(of('p50')?.effect).toBeCloseTo(0.2, 1);
    expect(of('p50')?.smallestSeen).toBeLessThan(0.2);
  });

  test('that is worse for certain, and by less than its margin, is the same', () => {
    const { answer, of } = decide(
      pairs(40, (index) => [{ p50: 10 * wobble(index, 0.01) }, { p50: 10.3 * wobble(index + 99, 0.01) }]),
      { p50: 0.1 },
    );
    expect(answer).toBe('not-worse');
    expect(of('p50')).toMatchObject({ verdict: 'same', notWorse: true });
    expect(of('p50')?.pValue).toBeLessThan(0.01);
  });

  test('whose spread is larger than its margin is inconclusive, and says what would have been seen', () => {
    const { answer, used, of } = decide(
      pairs(20, (index) => [{ p99: 100 * wobble(index, 0.8) }, { p99: 100 * wobble(index * 7 + 3, 0.8) }]),
      { p99: 0.05 },
    );
    expect(answer).toBe('inconclusive');
    expect(used).toBe(20);
    expect(of('p99')).toMatchObject({ verdict: 'inconclusive', notWorse: false });
    expect(of('p99')?.smallestSeen).toBeGreaterThan(0.2);
    expect(of('p99')?.pairsNeeded).toBeGreaterThan(20);
  });

  test('that is less where less is worse has regressed, and more of it is better', () => {
    const of = (by: number) =>
      decide(
        pairs(40, (index) => [
          { goodput: 200 * wobble(index, 0.01) },
          { goodput: 200 * by * wobble(index + 99, 0.01) },
        ]),
        { goodput: 0.02 },
      );
    expect(of(0.9).answer).toBe('regressed');
    expect(of(1.1).answer).toBe('not-worse');
    expect(of(1.1).of('goodput')?.verdict).toBe('improved');
  });

  test('that is the same number in every round is the same', () => {
    const { answer, of } = decide(
      pairs(20, () => [{ attempts: 1 }, { attempts: 1 }]),
      { attempts: 0.02 },
    );
    expect(answer).toBe('not-worse');
    expect(of('attempts')).toMatchObject({ effect: 0, verdict: 'same', pValue: 1 });
  });

  test('that no pair has on both sides says nothing', () => {
    const { answer, of } = decide(
      pairs(9, (index) => [{ p50: 10 * wobble(index) }, {}]),
      { p50: 0.05 },
    );
    expect(answer).toBe('inconclusive');
    expect(of('p50')).toMatchObject({ pairs: 0, smallestSeen: undefined });
  });
});

describe('several measures', () => {
  test('are not worse only when each is', () => {
    const { answer, of } = decide(
      pairs(20, (index) => [
        { p50: 10 * wobble(index, 0.01), p99: 100 * wobble(index, 0.8) },
        { p50: 10 * wobble(index + 99, 0.01), p99: 100 * wobble(index * 7 + 3, 0.8) },
      ]),
      { p50: 0.05, p99: 0.05 },
    );
    expect(answer).toBe('inconclusive');
    expect(of('p50')?.verdict).toBe('same');
  });

  test('take more pairs before any is called worse', () => {
    const slower = pairs(40, (index) => [{ p50: 10 * wobble(index) }, { p50: 14 * wobble(index + 99) }]);
    const margins = { p50: 0.05, p95: 0.05, p99: 0.05, errors: 0.1, cpu: 0.1, attempts: 0.1 };
    expect(decide(slower, margins).used).toBeGreaterThan(decide(slower, { p50: 0.05 }).used);
  });
});

test('how many pairs it would take is about how many it takes', () => {
  const noisy = (count: number) =>
    pairs(count, (index) => [{ p50: 100 * wobble(index, 0.4) }, { p50: 100 * wobble(index * 7 + 3, 0.4) }]);
  const needed = decide(noisy(16), { p50: 0.1 }).of('p50')?.pairsNeeded ?? 0;
  expect(needed).toBeGreaterThan(16);
  const { answer } = decide(noisy(3 * needed), { p50: 0.1 });
  expect(answer).toBe('not-worse');
  expect(decide(noisy(4), { p50: 0.1 }).of('p50')?.pairsNeeded).toBeUndefined();
});

test('time that is up before the first look leaves the one look that there is', () => {
  const few = pairs(8, (index) => [{ p50: 10 * wobble(index) }, { p50: 13 * wobble(index + 99) }]);
  expect(decide(few, { p50: 0.05 }, 40).answer).toBe('regressed');
  const fewer = decide(few.slice(0, 5), { p50: 0.05 }, 40);
  expect(fewer.answer).toBe('inconclusive');
  expect(fewer.of('p50')?.smallestSeen).toBeUndefined();
  expect(decide(few.slice(0, 3), { p50: 0.05 }, 40).of('p50')).toMatchObject({
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
  });
});

test('what was called worse stays so when later pairs look better', () => {
  const all = pairs(40, (index) => [
    { p50: 10 * wobble(index), p99: 50 * wobble(index, 0.5) },
    { p50: (index < 12 ? 13 : 8) * wobble(index + 99), p99: 50 * wobble(index * 3, 0.5) },
  ]);
  const judge = new Judge({ margins: new Map([['p50', 0.05]]), mostPairs: 40 });
  const verdicts = [9, 12, 16, 40].map((count) => judge.judge(all.slice(0, count)).standings[0]?.verdict);
  expect(verdicts.at(-1)).toBe('regressed');
});
