/** Values from which the smallest that holds is looked for, and what is known beforehand. */
export interface SearchSettings {
  /** The candidates, ascending: from one of them on verdicts are that it holds. */
  readonly candidates: readonly number[];
  /** Where theory looks for it, and the natural logarithm by which it is usually off; none: anywhere alike. */
  readonly guess?: { readonly at: number; readonly spread: number } | undefined;
  /** Share of verdicts that are wrong, either way. */
  readonly falseShare: number;
  /** Over so much of a value's neighbourhood, as a share of it, verdicts turn from one to the other; 0: at once. */
  readonly blur?: number;
  /** Done when the answer lies within this share of the likely one with this probability. */
  readonly within: number;
  readonly confidence: number;
}

/** Where the answer is, as far as trials have shown. */
export interface Interval {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  /** Probability that no candidate holds. */
  readonly none: number;
}

/** What of the belief a guess takes; the rest lies evenly over all candidates, for guesses that are wrong. */
const GUESS_SHARE = 0.7;
const INTERVAL = 0.95;

/**
 * Looks for the smallest value that holds, by verdicts some of which are wrong: probabilistic bisection (Horstein 1963;
 * Waeber, Frazier and Henderson 2013). It keeps the probability of every candidate to be the answer, asks where it is
 * as likely to hold as not, and never believes one verdict entirely, so a false one costs trials and not the answer.
 */
export class BoundarySearch {
  readonly #settings: SearchSettings;
  #lowestHeld = Number.POSITIVE_INFINITY;
  /** Of each candidate that it is the smallest that holds, and last that none does. */
  #belief: number[];

  constructor(settings: SearchSettings) {
    this.#settings = settings;
    this.#belief = before(settings);
  }

  /** The value whose trial tells most; undefined when the answer is narrow enough. */
  ask(): number | undefined {
    return this.settled ? undefined : this.#half();
  }

  /** Takes the verdict of a valid trial at a value, which need not be one that was asked for. */
  tell(at: number, holds: boolean): void {
    if (holds) this.#lowestHeld = Math.min(this.#lowestHeld, at);
    const { candidates } = this.#settings;
    const likelihood = [...candidates, Number.POSITIVE_INFINITY].map((answer) => {
      const yes = this.#holdsAt(at, answer);
      return holds ? yes : 1 - yes;
    });
    const products = this.#belief.map((belief, index) => belief * (likelihood[index] ?? 0));
    const sum = products.reduce((total, each) => total + each, 0);
    this.#belief = products.map((each) => each / sum);
  }

  get settled(): boolean {
    const { within, confidence, candidates } = this.#settings;
    const { likely, none } = this.interval;
    if (none >= confidence) return true;
    // What theory says is no answer before a trial has said so too.
    if (this.#lowestHeld > likely * (1 + within) + 1e-9) return false;
    const close = candidates.reduce(
      (sum, each, index) =>
        Math.abs(each - likely) <= within * likely + 1e-9 ? sum + (this.#belief[index] ?? 0) : sum,
      0,
    );
    return close >= confidence;
  }

  /** The likely answer, and between what it lies with a probability of 95 %. */
  get interval(): Interval {
    const { candidates } = this.#settings;
    const at = (share: number) => {
      let sum = 0;
      for (const [index, candidate] of candidates.entries()) {
        sum += this.#belief[index] ?? 0;
        if (sum >= share) return candidate;
      }
      return candidates.at(-1) ?? Number.NaN;
    };
    const tail = (1 - INTERVAL) / 2;
    const none = this.#belief.at(-1) ?? 0;
    return { low: at(tail), likely: this.#mostLikely(), high: at(1 - tail), none };
  }

  /** How likely a trial at a value is to hold when the answer is that candidate. */
  #holdsAt(at: number, answer: number): number {
    const { falseShare, blur = 0 } = this.#settings;
    const certain = 1 - falseShare;
    if (answer === Number.POSITIVE_INFINITY) return falseShare;
    if (blur === 0) return at >= answer - 1e-9 ? certain : falseShare;
    // The answer is the first that mostly holds, so just below it a trial still may.
    const distance = Math.log(at / answer) / blur + 1;
    return falseShare + (certain - falseShare) / (1 + Math.exp(-2 * distance));
  }

  /** The candidate at which a trial is as likely to hold as not. */
  #half(): number {
    let sum = 0;
    let best = { at: this.#settings.candidates[0] ?? Number.NaN, apart: Number.POSITIVE_INFINITY };
    for (const [index, at] of this.#settings.candidates.entries()) {
      sum += this.#belief[index] ?? 0;
      const apart = Math.abs(sum - 0.5);
      if (apart < best.apart) best = { at, apart };
    }
    return best.at;
  }

  /** The likeliest of those around which most lies: among many candidates no single one is likely. */
  #mostLikely(): number {
    const { candidates, within } = this.#settings;
    const around = (at: number) =>
      candidates.flatMap((candidate, index) =>
        Math.abs(candidate - at) <= within * at + 1e-9
          ? [{ candidate, belief: this.#belief[index] ?? 0 }]
          : [],
      );
    let best = { sum: -1, at: candidates[0] ?? Number.NaN };
    for (const at of candidates) {
      const close = around(at);
      const sum = close.reduce((total, { belief }) => total + belief, 0);
      if (sum <= best.sum + 1e-9) continue;
      const likeliest = close.reduce((most, each) => (each.belief > most.belief ? each : most));
      best = { sum, at: likeliest.candidate };
    }
    return best.at;
  }
}

function before({ candidates, guess }: SearchSettings): number[] {
  const even = 1 / (candidates.length + 1);
  const belief = [...candidates, undefined].map((candidate) => {
    if (guess === undefined) return even;
    if (candidate === undefined) return (1 - GUESS_SHARE) * even;
    const distance = Math.log(candidate / guess.at) / guess.spread;
    // Tails that are heavier than a bell's: theory that is far off is found out in a few trials.
    return Math.exp(-Math.abs(distance));
  });
  if (guess === undefined) return belief;
  const around = belief.slice(0, -1).reduce((sum, each) => sum + each, 0);
  return belief.map((each, index) =>
    index === candidates.length ? each : (GUESS_SHARE * each) / around + (1 - GUESS_SHARE) * even,
  );
}

/** Whole numbers between two, one after the other in steps of at least so much of themselves. */
export function wholeSteps(lowest: number, highest: number, step: number): number[] {
  const values: number[] = [];
  for (let at = lowest; at <= highest; at = Math.max(at + 1, Math.round(at * (1 + step)))) values.push(at);
  if (values.at(-1) !== highest) values.push(highest);
  return values;
}
