import type { MeasureKind } from '../../model/measures.ts';
import { slopeOf } from './burden.ts';

declare const ofOneRound: unique symbol;
declare const ofPairs: unique symbol;

/**
 * What one round shows of one measure. A round is one load on one side, so its requests share a machine, a moment and
 * the state of every pool: they are no independent samples. Whatever is said about many rounds is said of these.
 */
type RoundValue = number & { readonly [ofOneRound]: true };

/** The measures of one round: each is one number of all its requests. */
export type RoundMeasures = Readonly<Record<string, RoundValue>>;

/** What one round on each side has shown, one right after the other. */
export interface Pair {
  readonly a: RoundMeasures;
  readonly b: RoundMeasures;
  /** How much more B's round was burdened by what else ran on the machine than A's; 0 where nobody knows. */
  readonly burden?: number;
}

/**
 * One number a pair: the logarithm of how much worse B was than A right beside it, negative where it was better. Every
 * test takes these and nothing else, so latencies of requests do not fit into one.
 */
export type PairedEffects = readonly number[] & { readonly [ofPairs]: true };

/** The measures of one run, as its analysis has made them. */
export const measuresOfRound = (measures: Readonly<Record<string, number>>): RoundMeasures =>
  measures as RoundMeasures;

/** The effects of the pairs that have a measure on both sides, and how much more burdened each B was. */
export class Effects {
  readonly #effects: readonly number[];
  readonly #burdens: readonly number[];

  constructor(pairs: readonly Pair[], key: string, kind: Pick<MeasureKind, 'worse' | 'offset'>) {
    const found = pairs.flatMap(({ a, b, burden = 0 }) => {
      const effect = effectOf(a[key], b[key], kind);
      return effect === undefined ? [] : [{ effect, burden }];
    });
    this.#effects = found.map(({ effect }) => effect);
    this.#burdens = found.map(({ burden }) => burden);
  }

  /** How many pairs there are. */
  get length(): number {
    return this.#effects.length;
  }

  /**
   * How far each is beyond an effect that is supposed to be there in all of them, without what goes with its burden. If
   * it is there, the lot of each pair makes either sign as likely.
   */
  beyond(supposed: number): PairedEffects {
    const beyond = this.#effects.map((effect) => effect - supposed);
    const slope = slopeOf(beyond, this.#burdens);
    const relieved = beyond.map((each, index) => each - slope * (this.#burdens[index] ?? 0));
    return relieved as readonly number[] as PairedEffects;
  }

  /** The effects without what goes with their burdens, as that is around an effect that they point to. */
  around(effect: number): PairedEffects {
    return this.beyond(effect).map((each) => each + effect) as readonly number[] as PairedEffects;
  }
}

function effectOf(
  before: number | undefined,
  after: number | undefined,
  { worse, offset }: Pick<MeasureKind, 'worse' | 'offset'>,
): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  if (before === after) return 0;
  const direction = worse === 'more' ? 1 : -1;
  return direction * Math.log(above(after + offset) / above(before + offset));
}

/** A ratio to nothing is none: a goodput of 0 counts as a very small one. */
const above = (value: number) => Math.max(value, 1e-6);
