/** Weights in hundredths of a percent, which come to 100 %: the largest remainders get what rounding leaves. */
function hundredths(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (10_000 * weight) / total);
  const whole = exact.map((each) => Math.floor(each + 1e-6));
  const left = 10_000 - whole.reduce((sum, each) => sum + each, 0);
  const first = exact
    .map((each, index) => ({ index, rest: each - (whole[index] ?? 0) }))
    .toSorted((a, b) => b.rest - a.rest)
    .slice(0, left)
    .map(({ index }) => index);
  return whole.map((each, index) => each + (first.includes(index) ? 1 : 0));
}

/** Weights as Consul has them: they come to 100, with two places behind the point. */
export const percents = (weights: readonly number[]): readonly number[] =>
  hundredths(weights).map((each) => each / 100);

/** Weights as Istio has them, which are whole numbers. */
export const wholeWeights = (weights: readonly number[]): readonly number[] =>
  weights.every(Number.isInteger) ? weights : hundredths(weights);
