import { seededDraw } from '../../apps/edge-app/src/chance.ts';
import { studentAbove } from '../kit/student-t.ts';
import { type Cut, Divergence } from './divergence.ts';

/** A place in a series from which on its values are others. */
export interface ChangePoint {
  /** Index of the first of them. */
  readonly index: number;
  /** Means of the values before it and from it on, as far as the next change points. */
  readonly before: number;
  readonly after: number;
  readonly pValue: number;
}

export interface Sensitivity {
  /** Values that are looked at together: a change is not to be drowned in a long past. */
  readonly window: number;
  /** Most that the t-test may give a change point by chance. */
  readonly pValue: number;
  /** How much the mean has to change, as a share; what is less is no change point. */
  readonly magnitude: number;
  /** Most that a test by permutations may give it, which knows that the best place was looked for. */
  readonly permuted: number;
}

/** What `breakwater history` looks with. */
export const usualSensitivity: Sensitivity = { window: 50, pValue: 0.001, magnitude: 0.05, permuted: 0.01 };

/** The same draws every time, so that a series has the same change points every time. */
const seed = 1;
const permutations = 199;

/**
 * The change points of a series, oldest value first: those that the algorithm of Hunter finds, and that a test by
 * permutations with a fixed seed confirms.
 */
export function changePoints(
  series: readonly number[],
  sensitivity: Sensitivity = usualSensitivity,
): readonly ChangePoint[] {
  let points = described(
    series,
    candidatePoints(series, sensitivity).map(({ index }) => index),
  );
  // What is left out changes what its neighbours are held against.
  for (;;) {
    const doubts = points.map((point, place) => permutedPValue(series, points, place, point.index));
    const worst = doubts.indexOf(Math.max(...doubts));
    if (points.length === 0 || (doubts[worst] ?? 0) <= sensitivity.permuted) return points;
    points = described(
      series,
      points.filter((_, place) => place !== worst).map(({ index }) => index),
    );
  }
}

/**
 * E-divisive in windows that overlap, with Student's t-test in place of permutations, and afterwards without those
 * that do not hold against their neighbours: "Hunter: Using Change Point Detection to Hunt for Performance Regressions"
 * (https://arxiv.org/abs/2301.03034), as Apache Otava 0.8.0 does it.
 */
export function candidatePoints(
  series: readonly number[],
  { window, pValue, magnitude }: Omit<Sensitivity, 'permuted'>,
): readonly ChangePoint[] {
  const weak = pValue < 0.05 ? pValue * 10 : pValue < 0.5 ? pValue * 2 : pValue;
  const found = new Set<number>();
  const step = Math.floor(window / 2);
  for (let start = 0; start < series.length; ) {
    const end = Math.min(start + window, series.length);
    const inside = cutsIn(series.slice(start, end), weak).map((index) => start + index);
    for (const index of inside) found.add(index);
    start = Math.max(inside.at(-1) ?? 0, start + step);
  }
  return withoutWeak(
    series,
    [...found].sort((a, b) => a - b),
    pValue,
    magnitude,
  );
}

/** The cuts of one window, the best first, for as long as the two parts differ. */
function cutsIn(values: readonly number[], pValue: number): readonly number[] {
  const divergence = new Divergence(values);
  const cuts: number[] = [];
  for (;;) {
    const ends = [0, ...cuts, values.length];
    let best: (Cut & { readonly from: number; readonly to: number }) | undefined;
    for (const [place, from] of ends.slice(0, -1).entries()) {
      const to = ends[place + 1] ?? values.length;
      const cut = divergence.best(from, to);
      if (cut && (best === undefined || cut.divergence > best.divergence)) best = { ...cut, from, to };
    }
    if (best === undefined) return cuts;
    const p = tTest(values.slice(best.from, best.index), values.slice(best.index, best.to));
    if (!(p <= pValue)) return cuts;
    cuts.push(best.index);
    cuts.sort((a, b) => a - b);
  }
}

/**
 * Leaves out the weakest point until all hold: what is least certain, or else changes least. Of those that stay, the two
 * behind it are held against their new neighbours, as Otava does it; the one before it waits for `changePoints`.
 */
function withoutWeak(
  series: readonly number[],
  indices: readonly number[],
  pValue: number,
  magnitude: number,
): readonly ChangePoint[] {
  let points = described(series, indices);
  while (points.length > 0) {
    let weakest = points.reduce((a, b) => (b.pValue > a.pValue ? b : a));
    if (weakest.pValue < pValue) {
      weakest = points.reduce((a, b) => (magnitudeOf(b) < magnitudeOf(a) ? b : a));
      if (magnitudeOf(weakest) > magnitude) return points;
    }
    const at = points.indexOf(weakest);
    const left = points.filter((point) => point !== weakest);
    const fresh = described(
      series,
      left.map(({ index }) => index),
    );
    points = left.map((point, place) => (place === at || place === at + 1 ? (fresh[place] ?? point) : point));
  }
  return points;
}

/** Points with what is on both sides of each, as far as the next. */
function described(series: readonly number[], indices: readonly number[]): readonly ChangePoint[] {
  return indices.map((index, place) => {
    const left = series.slice(indices[place - 1] ?? 0, index);
    const right = series.slice(index, indices[place + 1] ?? series.length);
    return { index, before: mean(left), after: mean(right), pValue: tTest(left, right) };
  });
}

/** How much a mean has changed, as a share of the smaller one; a change from or to nothing counts by the other side. */
function magnitudeOf({ before, after }: Pick<ChangePoint, 'before' | 'after'>): number {
  const share = (a: number, b: number) => (a === 0 ? 0 : Math.abs(b / a - 1));
  return Math.max(share(before, after), share(after, before));
}

/**
 * How often values that are drawn in another order have a cut as good as this one somewhere between its neighbours.
 */
function permutedPValue(
  series: readonly number[],
  points: readonly ChangePoint[],
  place: number,
  index: number,
): number {
  const from = points[place - 1]?.index ?? 0;
  const to = points[place + 1]?.index ?? series.length;
  const values = series.slice(from, to);
  const bestOf = (some: readonly number[]) => {
    const divergence = new Divergence(some);
    let best = Number.NEGATIVE_INFINITY;
    for (let cut = 1; cut < some.length; cut += 1) {
      best = Math.max(best, divergence.between(0, cut, some.length));
    }
    return best;
  };
  const observed = new Divergence(values).between(0, index - from, values.length);
  const draw = seededDraw(seed, index);
  let asGood = 0;
  for (let round = 0; round < permutations; round += 1) {
    const shuffled = [...values];
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = Math.floor(draw() * (at + 1));
      [shuffled[at], shuffled[other]] = [shuffled[other] ?? 0, shuffled[at] ?? 0];
    }
    if (bestOf(shuffled) >= observed - 1e-12 * Math.abs(observed)) asGood += 1;
  }
  return (asGood + 1) / (permutations + 1);
}

/**
 * Student's two-sided test of two samples, with deviations as Otava takes them: of the values as they are, and not of
 * what they are a sample of. 1 where there is nothing to test.
 */
function tTest(left: readonly number[], right: readonly number[]): number {
  const [n, m] = [left.length, right.length];
  if (n + m <= 2) return 1;
  const variance = ((n - 1) * varianceOf(left) + (m - 1) * varianceOf(right)) / (n + m - 2);
  const t = Math.abs(mean(left) - mean(right)) / Math.sqrt(variance * (1 / n + 1 / m));
  return Number.isNaN(t) ? 1 : 2 * studentAbove(t, n + m - 2);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function varianceOf(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length;
}
