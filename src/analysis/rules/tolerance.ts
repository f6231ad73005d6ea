import { formatPercent } from '../../kit/format.ts';

/** Counts of one thing from two sides may differ by this, or by the requests in flight at the end. */
const DISAGREEMENT = 0.001;
const IN_FLIGHT = 2;

/** By how much two counts of one thing may differ. */
export const tolerance = (count: number) => Math.max(IN_FLIGHT, Math.ceil(count * DISAGREEMENT));

export const TOLERANCE_TEXT = `within ${formatPercent(DISAGREEMENT)} or ${IN_FLIGHT} requests`;
