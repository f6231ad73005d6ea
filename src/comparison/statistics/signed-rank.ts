import type { PairedEffects } from './paired-effects.ts';

/**
 * Wilcoxon's signed-rank test, exact, and the interval that belongs to it. Which side of a pair goes first is drawn by
 * lot, so that, where A and B are the same, every sign is as likely as its opposite, whatever the machine did
 * meanwhile: drift, outliers and neighbours that come and go change the sizes and not the signs. Nothing else is
 * assumed. The distributions of each number of pairs are reckoned once per instance.
 */
export class SignedRank {
  readonly #tails = new Map<number, Float64Array>();

  /**
   * The probability of effects at least this far above none if signs were by lot; zeros are left out, and of equal
   * sizes each counts with their middle rank. 1 without effects.
   */
  pValue(effects: PairedEffects): number {
    const nonzero = effects.filter((effect) => effect !== 0);
    const ranks = middleRanks(nonzero.map(Math.abs));
    const observed = ranks.reduce((sum, rank, index) => sum + ((nonzero[index] ?? 0) > 0 ? rank : 0), 0);
    const plain = ranks.every((rank) => Number.isInteger(rank)) && new Set(ranks).size === ranks.length;
    if (plain) return this.#tail(nonzero.length)[observed] ?? 0;
    // Middle ranks may end in a half.
    return tailOf(ranks.map((rank) => 2 * rank))[Math.round(2 * observed)] ?? 0;
  }

  /**
   * Between which the effect lies, each bound missed with at most the probability of `level`; infinite where so few
   * pairs can exclude nothing. With equal sizes it is on the safe side.
   */
  bounds(effects: PairedEffects, level: number): { readonly low: number; readonly high: number } {
    return this.boundsOf(walshAverages(effects), effects.length, level);
  }

  /** The same from averages that are there already: `walshAverages` of `pairs` effects. */
  boundsOf(
    averages: Float64Array,
    pairs: number,
    level: number,
  ): { readonly low: number; readonly high: number } {
    const tail = this.#tail(pairs);
    const most = (pairs * (pairs + 1)) / 2;
    // By symmetry, a sum of at most k is as likely as one of at least most - k.
    let excluded = 0;
    while (excluded < most && (tail[most - excluded] ?? 1) <= level) excluded += 1;
    return {
      low: excluded === 0 ? Number.NEGATIVE_INFINITY : (averages[excluded - 1] ?? Number.NEGATIVE_INFINITY),
      high:
        excluded === 0
          ? Number.POSITIVE_INFINITY
          : (averages[averages.length - excluded] ?? Number.POSITIVE_INFINITY),
    };
  }

  /** By sum of ranks: the probability of at least that. */
  #tail(pairs: number): Float64Array {
    const known = this.#tails.get(pairs);
    if (known !== undefined) return known;
    const made = tailOf(Array.from({ length: pairs }, (_, index) => index + 1));
    this.#tails.set(pairs, made);
    return made;
  }
}

/** The averages of all two of the effects and of each with itself, sorted; their median is the Hodges-Lehmann estimate. */
export function walshAverages(effects: PairedEffects): Float64Array {
  const averages = new Float64Array((effects.length * (effects.length + 1)) / 2);
  let at = 0;
  for (let one = 0; one < effects.length; one += 1) {
    for (let other = one; other < effects.length; other += 1) {
      averages[at] = ((effects[one] ?? 0) + (effects[other] ?? 0)) / 2;
      at += 1;
    }
  }
  return averages.sort();
}

/** Of sorted averages: the effect that they point to. NaN without any. */
export function hodgesLehmann(averages: Float64Array): number {
  const half = (averages.length - 1) / 2;
  return ((averages[Math.floor(half)] ?? Number.NaN) + (averages[Math.ceil(half)] ?? Number.NaN)) / 2;
}

/** The probability of each sum or more, when each of some whole ranks counts or not by the toss of a coin. */
function tailOf(ranks: readonly number[]): Float64Array {
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  const chances = new Float64Array(most + 1);
  chances[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let sum = reached; sum >= 0; sum -= 1) {
      chances[sum] = ((chances[sum] ?? 0) + (sum >= rank ? (chances[sum - rank] ?? 0) : 0)) / 2;
    }
  }
  for (let sum = most - 1; sum >= 0; sum -= 1) chances[sum] = (chances[sum] ?? 0) + (chances[sum + 1] ?? 0);
  return chances;
}

function middleRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks: number[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let at = from; at <= to; at += 1) ranks[order[at] ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}
