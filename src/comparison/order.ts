import { createHash } from 'node:crypto';
import { type SideName, sideNames } from './sides.ts';

/** Which side of a pair goes first: by lot, from the seed, so that nobody and nothing can have chosen it. */
export function orderOf(seed: number, pair: number): readonly SideName[] {
  const lot = createHash('sha256').update(`${seed} order of pair ${pair}`).digest()[0] ?? 0;
  return lot % 2 === 0 ? sideNames : sideNames.toReversed();
}
