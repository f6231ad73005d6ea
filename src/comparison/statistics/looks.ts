/** A moment at which a comparison may come to its answer. */
export interface Look {
  /** How many pairs there are by then. */
  readonly pairs: number;
  /** How much of the whole chance of error it may use up, as a share. */
  readonly share: number;
}

/** How much the first look may use up: what it may, it can use only where every pair agrees. */
const FIRST_SHARE = 0.2;
/** How much is kept for the last one, when everything is known that will be. */
const LAST_SHARE = 0.5;
/** How many more pairs the next look has. */
const GROWTH = 1.3;

/**
 * When a comparison looks at what it has, fixed before the first round. The shares add up to 1, so the chance of an
 * error at any look is at most the sum of what each may use up, however looks depend on each other. The first comes
 * when so many pairs as there are can reject one of `measures` hypotheses at `level`: earlier ones could say nothing.
 */
export function planLooks(measures: number, level: number, mostPairs: number): readonly Look[] {
  const first = Math.ceil(Math.log2(Math.max(1, measures) / (level * FIRST_SHARE)));
  const pairs: number[] = [];
  for (let at = first; at < mostPairs; at = Math.ceil(at * GROWTH)) pairs.push(at);
  // One that comes right before the last tells no more than that.
  if (pairs.length > 1 && mostPairs - (pairs.at(-1) ?? 0) < 2) pairs.pop();
  pairs.push(mostPairs);
  const between = pairs.length - 2;
  const last = between > 0 ? LAST_SHARE : 1 - FIRST_SHARE;
  return pairs.map((at, index) => {
    if (index === pairs.length - 1) return { pairs: at, share: pairs.length === 1 ? 1 : last };
    return { pairs: at, share: index === 0 ? FIRST_SHARE : (1 - FIRST_SHARE - LAST_SHARE) / between };
  });
}
