import type { Evidence } from '../../evidence/evidence.ts';
import type { Proof } from '../../model/fault.ts';
import type { Report } from '../../report/model.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { Traffic } from '../traffic/traffic.ts';

export type Efficacy = Report['faults'][number]['efficacy'];

/** Milliseconds from the start of the load. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A fault that was injected, and where to look for its effect. */
export interface Injected {
  readonly fault: RecordedFault;
  /** While it was on. */
  readonly span: Span;
  /** Before the first fault. */
  readonly before: Span;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
}

/** One kind of proof: what is expected at the targets, and whether the evidence has it. */
export interface ProofKind<P extends Proof = Proof> {
  expected(proof: P): string;
  look(proof: P, injected: Injected): Omit<Efficacy, 'expected'>;
}

/** The proof of that kind as a fault asks for it. */
export type ProofOf<K extends Proof['kind']> = Extract<Proof, { readonly kind: K }>;
