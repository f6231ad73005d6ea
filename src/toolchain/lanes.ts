import type { LimitFunction } from 'p-limit';
import pLimit from 'p-limit';

/** How much is on its way at once: the network carries two downloads, and one compiler takes every core. */
export interface Lanes {
  readonly download: LimitFunction;
  readonly build: LimitFunction;
}

export function openLanes(): Lanes {
  return { download: pLimit(2), build: pLimit(1) };
}
