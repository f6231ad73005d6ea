/** Where others leave less of a machine than this share of it, how much less tells nothing any more. */
const LEAST_LEFT = 0.05;

/**
 * How heavily a round was burdened by what else ran on its machine: the logarithm of how many times as long things take
 * there that need a processor, if others take what they take. 0 where nobody else was there.
 */
export const burdenOf = ({ cpus, others }: { readonly cpus: number; readonly others: number }): number =>
  cpus > 0 ? -Math.log(Math.max(LEAST_LEFT, 1 - others / cpus)) : 0;

/**
 * How much of `effects` goes with each unit of `burdens`, one of each a pair: the line through nothing with the smallest
 * sum of distances, as far as others can be its reason. Nothing is faster for them, and what needs a processor all the
 * time takes as much longer as a burden says: from 0 to 1. So where the burden itself is a side's doing, no more than
 * that is taken for somebody else's.
 *
 * Whoever changes A and B around in a pair changes the signs of both, and neither their ratio nor its weight: the line is
 * the same whatever the lot was, so that what is left of effects has signs by lot as before.
 */
export function slopeOf(effects: readonly number[], burdens: readonly number[]): number {
  const slopes = effects
    .map((effect, index) => {
      const burden = burdens[index] ?? 0;
      return { slope: effect / burden, weight: Math.abs(burden) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => a.slope - b.slope);
  const half = slopes.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let reached = 0;
  for (const { slope, weight } of slopes) {
    reached += weight;
    if (reached >= half) return Math.min(1, Math.max(0, slope));
  }
  return 0;
}
