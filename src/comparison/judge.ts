import { measureKind, measureKinds } from '../model/measures.ts';
import { holm } from './statistics/holm.ts';
import { type Look, planLooks } from './statistics/looks.ts';
import { Effects, type Pair, type PairedEffects } from './statistics/paired-effects.ts';
import { hodgesLehmann, SignedRank, walshAverages } from './statistics/signed-rank.ts';

/** How sure a comparison has to be. */
export interface Confidence {
  /** The chance that anything at all is called worse where nothing is; the same for better. */
  readonly alarm: number;
  /** The chance that something is called the same that is worse than its margin; of each measure. */
  readonly same: number;
}

export const confidence: Confidence = { alarm: 0.01, same: 0.05 };

/** What is asked: which measures, and by how much each may differ and still count as the same. */
export interface Asked {
  /** Measure → margin, a share; those that are not in it are not judged. */
  readonly margins: ReadonlyMap<string, number>;
  readonly mostPairs: number;
}

export type MetricVerdict = 'regressed' | 'improved' | 'same' | 'inconclusive';

/**
 * Where a measure stands. Effects are shares of A, positive where B is worse, whichever direction that is: 0.1 of a
 * goodput is a tenth less.
 */
export interface Standing {
  readonly measure: string;
  readonly verdict: MetricVerdict;
  /** Whether B is proven to be no worse than the margin. */
  readonly notWorse: boolean;
  readonly margin: number;
  /** Pairs that have it. */
  readonly pairs: number;
  readonly effect: number;
  /** Between which the effect lies with 90 % as it is now; infinite where so few pairs exclude nothing. */
  readonly low: number;
  readonly high: number;
  /** One-sided, of B being worse; not corrected. */
  readonly pValue: number;
  /** The smallest effect that would have been called worse 95 times in 100; undefined where none would with so few pairs. */
  readonly smallestSeen: number | undefined;
  /**
   * About how many pairs like these it would take until it is known whether it is worse than the margin, if the effect
   * is what it seems to be; undefined where so few tell nothing about that.
   */
  readonly pairsNeeded: number | undefined;
}

/** What is known once all planned looks, or some, were taken. */
export interface Judgement {
  readonly standings: readonly Standing[];
  /** Undefined as long as another look is to come. */
  readonly answer: 'regressed' | 'not-worse' | 'inconclusive' | undefined;
}

const INTERVAL = 0.05;
const STRAYS = 0.025;

/**
 * Looks at the pairs of a comparison as they come, at moments that were fixed beforehand, and says of each measure what
 * is proven. What was called worse or better at a look stays so, and no look uses up more than its share of error.
 */
export class Judge {
  readonly #asked: Asked;
  readonly #ranks: SignedRank;
  readonly #settled = new Map<string, MetricVerdict>();
  readonly #notWorse = new Set<string>();
  readonly looks: readonly Look[];
  #taken = 0;
  #used = 0;
  /** Of the last look that was taken. */
  #share: number;

  constructor(
    asked: Asked,
    ranks = new SignedRank(),
    looks = planLooks(asked.margins.size, confidence.alarm, asked.mostPairs),
  ) {
    this.#asked = asked;
    this.#ranks = ranks;
    this.looks = looks;
    this.#share = this.looks[0]?.share ?? 1;
  }

  /** How many pairs there have to be for the next look; undefined after the last. */
  get nextLook(): number | undefined {
    return this.looks[this.#taken]?.pairs;
  }

  /**
   * What the pairs so far prove. `last`: no more will come, because the time is up, and this look may use up what
   * others would have.
   */
  judge(pairs: readonly Pair[], last = false): Judgement {
    const next = this.looks[this.#taken];
    if (next === undefined) return { standings: this.#stand(pairs, 0), answer: this.#answer(true) };
    const due = pairs.length >= next.pairs;
    if (!due && !last) return { standings: this.#stand(pairs, 0), answer: undefined };
    const over = last || this.#taken === this.looks.length - 1;
    const share = over ? 1 - this.#used : next.share;
    this.#taken = over ? this.looks.length : this.#taken + 1;
    this.#used += share;
    this.#share = share;
    const standings = this.#stand(pairs, share);
    return { standings, answer: this.#answer(over) };
  }

  #answer(over: boolean): Judgement['answer'] {
    const measures = [...this.#asked.margins.keys()];
    if ([...this.#settled.values()].includes('regressed')) return 'regressed';
    if (measures.length > 0 && measures.every((measure) => this.#notWorse.has(measure))) return 'not-worse';
    return over ? 'inconclusive' : undefined;
  }

  /** Tests what the share of error of this look allows; with none, only says how it stands. */
  #stand(pairs: readonly Pair[], share: number): Standing[] {
    const measures = [...this.#asked.margins].map(([measure, margin]) => {
      const effects = new Effects(pairs, measure, measureKind(measure) ?? measureKinds.p50);
      return { measure, margin, effects, ...estimate(effects) };
    });
    if (share > 0) this.#test(measures, share);
    return measures.map(({ measure, margin, effects, effect, averages }) => {
      const { low, high } = this.#ranks.boundsOf(averages, effects.length, INTERVAL);
      return {
        measure,
        verdict: this.#settled.get(measure) ?? 'inconclusive',
        notWorse: this.#notWorse.has(measure),
        margin,
        pairs: effects.length,
        effect: Math.expm1(effect),
        low: Number.isFinite(low) ? Math.expm1(low) : low,
        high: Math.expm1(high),
        pValue: this.#ranks.pValue(effects.beyond(0)),
        smallestSeen: this.#smallestSeen(averages, effects.length, margin),
        pairsNeeded: this.#pairsNeeded(averages, effects.length, margin, effect),
      };
    });
  }

  #test(
    measures: readonly {
      readonly measure: string;
      readonly margin: number;
      readonly effects: Effects;
      readonly effect: number;
    }[],
    share: number,
  ): void {
    const level = confidence.alarm * share;
    const worse = holm(
      measures.map(({ effects }) => this.#ranks.pValue(effects.beyond(0))),
      level,
    );
    const better = holm(
      measures.map(({ effects }) => this.#ranks.pValue(turned(effects.beyond(0)))),
      level,
    );
    for (const [index, { measure, margin, effects, effect }] of measures.entries()) {
      const most = Math.log1p(margin);
      if (worse[index] && effect >= most) {
        this.#settled.set(measure, 'regressed');
        this.#notWorse.delete(measure);
      }
      if (this.#settled.get(measure) === 'regressed') continue;
      // An effect as large as the margin is excluded, on either side.
      const same = confidence.same * share;
      const isBelow = this.#ranks.pValue(turned(effects.beyond(most))) <= same;
      const isAbove = this.#ranks.pValue(effects.beyond(-most)) <= same;
      if (isBelow) this.#notWorse.add(measure);
      if (better[index] && effect <= -most) {
        this.#settled.set(measure, 'improved');
        this.#notWorse.add(measure);
      } else if (isBelow && isAbove && !this.#settled.has(measure)) this.#settled.set(measure, 'same');
    }
  }

  /**
   * An effect is called worse when its interval at the level of the last look lies above none and its middle beyond
   * the margin; both have to come 95 times in 100. How far the middle strays is told by the 95 % interval: that of
   * 90 % would do if it were known and not estimated from the same rounds.
   */
  #smallestSeen(averages: Float64Array, pairs: number, margin: number): number | undefined {
    const level = (confidence.alarm * this.#share) / Math.max(1, this.#asked.margins.size);
    const strict = this.#ranks.boundsOf(averages, pairs, level);
    const strays = this.#ranks.boundsOf(averages, pairs, STRAYS);
    if (!Number.isFinite(strict.low) || !Number.isFinite(strays.low)) return undefined;
    const needed = Math.max((strict.high - strict.low) / 2, Math.log1p(margin));
    return Math.expm1(needed + (strays.high - strays.low) / 2);
  }

  /** An interval gets narrower with the root of how many pairs there are. */
  #pairsNeeded(averages: Float64Array, pairs: number, margin: number, effect: number): number | undefined {
    const room = Math.log1p(margin) - effect;
    const level =
      room > 0
        ? confidence.same * this.#share
        : (confidence.alarm * this.#share) / Math.max(1, this.#asked.margins.size);
    const { low, high } = this.#ranks.boundsOf(averages, pairs, level);
    if (!Number.isFinite(low)) return undefined;
    return Math.ceil(pairs * ((high - low) / 2 / (room > 0 ? room : effect)) ** 2);
  }
}

/** How often at most what goes with the burden, and then the effect, are told from each other. */
const TURNS = 4;
const SETTLED = 1e-4;

/** The effect that pairs point to, and the averages that its interval is read from; 0 without pairs. */
function estimate(effects: Effects): { readonly effect: number; readonly averages: Float64Array } {
  let averages = walshAverages(effects.around(0));
  if (effects.length === 0) return { effect: 0, averages };
  let effect = hodgesLehmann(averages);
  for (let turn = 1; turn < TURNS; turn += 1) {
    const before = effect;
    averages = walshAverages(effects.around(before));
    effect = hodgesLehmann(averages);
    if (Math.abs(effect - before) < SETTLED) break;
  }
  return { effect, averages };
}

/** The same with A and B changed around. */
const turned = (effects: PairedEffects) =>
  effects.map((effect) => -effect) as readonly number[] as PairedEffects;
