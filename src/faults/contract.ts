import type { z } from 'zod';
import type { KindSchema } from '../kit/kinds.ts';
import type { Mistake } from '../kit/problems.ts';
import type { Halt, Proof, ReversibleAction } from '../model/fault.ts';
import type { Instance, Link } from '../model/topology.ts';

/** One kind of fault: how it is written, what it does, and how it shows. */
export interface FaultKind<Schema extends KindSchema = KindSchema> {
  readonly schema: Schema;
  /** What it hits when nobody has a choice, as a sentence begins; such a fault has no `on`. */
  readonly subject?: string;
  /**
   * Whom it can hit: those that are called unless given, for clients observe; one without an `on` hits all of them;
   * ingress: gateways that clients outside the mesh call, and nobody else.
   */
  readonly hits?: 'servers' | 'everyone' | 'ingress';
  /** Whether it gives its targets certificates: of two such faults, nobody would know what a target has. */
  readonly certifies?: true;
  /**
   * What becomes of its targets' processes while it is on; no other fault can be made on them then. What it has
   * `ended` is started again at its end, which takes a while.
   */
  readonly halts?: Halt;
  /** Whether its way in is part of it: it is on as soon as that begins, and others once the last target has them. */
  readonly isGradual?: true;
  /** "200 ms slower", "answers 503 to every request". */
  describe(fault: z.output<Schema>): string;
  /** Whom it hits, of one without an `on` that does not hit all. */
  hit?(fault: z.output<Schema>, replicas: readonly Instance[]): readonly Instance[];
  /** What of the network it disturbs; `instances` are what it hits. Such a fault finds a relay there. */
  links?(
    fault: z.output<Schema>,
    instances: readonly Instance[],
    replicas: readonly Instance[],
  ): readonly Link[];
  /** What is wrong with it that its schema cannot say: a delay of nothing. `instances` are what it hits. */
  mistakes?(
    fault: z.output<Schema>,
    instances: readonly Instance[],
    replicas: readonly Instance[],
  ): readonly Omit<Mistake, 'at'>[];
  /** All that is done; `id` is the fault's own in its trial, and `instances` are what it hits. */
  actions(
    fault: z.output<Schema>,
    id: string,
    instances: readonly Instance[],
    replicas: readonly Instance[],
  ): readonly ReversibleAction[];
  proof(fault: z.output<Schema>, instances: readonly Instance[]): Proof;
}
