import { createHash } from 'node:crypto';

/** The seed of one part of a run, such as an instance: the run's seed gives each another, and always the same. */
export function seedOf(seed: number, part: string): number {
  return createHash('sha256').update(`${seed} ${part}`).digest().readUInt32BE();
}
