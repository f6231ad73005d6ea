import type { MeasureKind } from '../../model/measures.ts';

declare const ofOneRound: unique symbol;
declare const ofPairs: unique symbol;

/**
 * What one round shows of one measure. A round is one load on one side, so its requests share a machine, a moment and
 * the state of every pool: they are no independent samples. Whatever is said about many rounds is said of these.
 */
type RoundValue = number & { readonly [ofOneRound]: true };

/** The measures of one round: each is one number of all its requests. */
export type RoundMeasures = Readonly<Record<string, RoundValue>>;

/**
 * One number a pair: the logarithm of how much worse B was than A right beside it, negative where it was better. Every
 * test takes these and nothing else, so latencies of requests do not fit into one.
 */
export type PairedEffects = readonly number[] & { readonly [ofPairs]: true };

/** The measures of one run, as its analysis has made them. */
export const measuresOfRound = (measures: Readonly<Record<string, number>>): RoundMeasures =>
  measures as RoundMeasures;

/** Of the pairs that have the measure on both sides. */
export function pairedEffects(
  pairs: readonly { readonly a: RoundMeasures; readonly b: RoundMeasures }[],
  key: string,
  { worse, offset }: Pick<MeasureKind, 'worse' | 'offset'>,
): PairedEffects {
  const direction = worse === 'more' ? 1 : -1;
  const effects = pairs.flatMap(({ a, b }) => {
    const [before, after] = [a[key], b[key]];
    if (before === undefined || after === undefined) return [];
    if (before === after) return [0];
    return [direction * Math.log(above(after + offset) / above(before + offset))];
  });
  return effects as readonly number[] as PairedEffects;
}

/** A ratio to nothing is none: a goodput of 0 counts as a very small one. */
const above = (value: number) => Math.max(value, 1e-6);
