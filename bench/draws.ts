export interface Draw {
  /** One of the values, each as likely. */
  of<Value>(...values: readonly Value[]): Value;
  /** A whole number from the lowest to the highest, both included. */
  whole(lowest: number, highest: number): number;
  /** Any number from the lowest to the highest. */
  between(lowest: number, highest: number): number;
  chance(share: number): boolean;
}

/** Draws that a number alone decides (mulberry32). */
export function drawn(from: number): Draw {
  let state = from;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    of: (...values) => values[Math.floor(next() * values.length)] as (typeof values)[number],
    whole: (lowest, highest) => lowest + Math.floor(next() * (highest - lowest + 1)),
    between: (lowest, highest) => lowest + next() * (highest - lowest),
    chance: (share) => next() < share,
  };
}
