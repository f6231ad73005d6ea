/**
 * Which of several hypotheses are rejected so that the chance of rejecting any true one is at most `level`, however
 * they depend on each other: the smallest p-value is held against level / n, the next against level / (n - 1), and so
 * on until one is too large.
 */
export function holm(pValues: readonly number[], level: number): readonly boolean[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const rejected = pValues.map(() => false);
  for (const [step, index] of order.entries()) {
    if ((pValues[index] ?? 1) > level / (pValues.length - step)) break;
    rejected[index] = true;
  }
  return rejected;
}
