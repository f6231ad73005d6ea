import type { z } from 'zod';
import type { KindSchema } from '../kit/kinds.ts';
import type { CONTROL_PLANE, Proof, ReversibleAction } from '../model/fault.ts';

/** One kind of fault: how it is written, what it does to an instance, and how it shows. */
export interface FaultKind<Schema extends KindSchema = KindSchema> {
  readonly schema: Schema;
  /** What it hits when that is no instance; such a fault has no `on`. */
  readonly target?: typeof CONTROL_PLANE;
  /** Where it can be made; everywhere unless given. */
  readonly environments?: readonly string[];
  /** "200 ms slower", "answers 503 to every request". */
  describe(fault: z.output<Schema>): string;
  actions(fault: z.output<Schema>, id: string, instance: string): ReversibleAction;
  proof(fault: z.output<Schema>): Proof;
}
