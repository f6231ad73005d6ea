import type { LoadOf } from './shapes/contract.ts';
import type { LoadShape } from './shapes/index.ts';

/** One load of a trial, worked out in full. */
export type PlannedLoad = LoadOf<LoadShape>;
