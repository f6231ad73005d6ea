import { expect, test } from 'vitest';
import { BoundarySearch, type SearchSettings, wholeSteps } from './search.ts';

const settings: SearchSettings = {
  candidates: wholeSteps(1, 500, 0.02),
  falseShare: 0.03,
  within: 0.05,
  confidence: 0.95,
};

function run(search: BoundarySearch, verdict: (at: number, trial: number) => boolean): number {
  for (let trial = 0; trial < 100; trial += 1) {
    const at = search.ask();
    if (at === undefined) return trial;
    search.tell(at, verdict(at, trial));
  }
  return 100;
}

test.each([1, 2, 17, 100, 431, 500])('the smallest that holds is found: %i', (truth) => {
  const search = new BoundarySearch(settings);
  const trials = run(search, (at) => at >= truth);
  const { low, likely, high } = search.interval;
  expect(Math.abs(likely - truth)).toBeLessThanOrEqual(0.05 * truth);
  expect(low).toBeLessThanOrEqual(likely);
  expect(high).toBeGreaterThanOrEqual(likely);
  expect(trials).toBeLessThan(25);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7])('one false verdict, trial %i, costs trials and not the answer', (lie) => {
  const search = new BoundarySearch(settings);
  run(search, (at, trial) => at >= 100 !== (trial === lie));
  expect(Math.abs(search.interval.likely - 100)).toBeLessThanOrEqual(5);
});

test('a good guess saves trials, and a bad one is found out', () => {
  const withGuess = (at: number) => new BoundarySearch({ ...settings, guess: { at, spread: 0.15 } });
  const plain = run(new BoundarySearch(settings), (at) => at >= 100);
  expect(run(withGuess(102), (at) => at >= 100)).toBeLessThan(plain);
  const misled = withGuess(10);
  run(misled, (at) => at >= 100);
  expect(Math.abs(misled.interval.likely - 100)).toBeLessThanOrEqual(5);
});

test('where nothing holds it says so', () => {
  const search = new BoundarySearch(settings);
  run(search, () => false);
  expect(search.interval.none).toBeGreaterThan(0.95);
});

test('steps are whole, ascending, and reach both ends', () => {
  expect(wholeSteps(3, 6, 0.02)).toEqual([3, 4, 5, 6]);
  const steps = wholeSteps(50, 1_000, 0.02);
  expect([steps[0], steps.at(-1)]).toEqual([50, 1_000]);
  expect(steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0))).toBe(true);
  expect(wholeSteps(7, 7, 0.02)).toEqual([7]);
});
