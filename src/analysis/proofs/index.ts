import type { Evidence } from '../../evidence/evidence.ts';
import type { Proof } from '../../model/fault.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { Traffic } from '../traffic/traffic.ts';
import type { Efficacy, ProofKind, ProofOf, Span } from './contract.ts';

/** Every kind of proof that a fault may ask for. */
const proofs: { readonly [K in Proof['kind']]: ProofKind<ProofOf<K>> } = {
  status: (await import('./status.ts')).status,
  slower: (await import('./slower.ts')).slower,
  unanswered: (await import('./unanswered.ts')).unanswered,
  silent: (await import('./silent.ts')).silent,
  unfinished: (await import('./unfinished.ts')).unfinished,
  disconnected: (await import('./disconnected.ts')).disconnected,
  limited: (await import('./limited.ts')).limited,
  certificate: (await import('./certificate.ts')).certificate,
  authority: (await import('./authority.ts')).authority,
  'slower-link': (await import('./slower-link.ts')).slowerLink,
  'cut-link': (await import('./cut-link.ts')).cutLink,
};

/** Whether a fault really did to its targets what it was to do, from their own side; the load ends at `endMs`. */
export function proveFault(
  fault: RecordedFault,
  evidence: Evidence,
  traffic: Traffic,
  before: Span,
  endMs: number,
): Efficacy {
  const { completeAtMs, revertingAtMs, planned } = fault;
  const { proof } = planned;
  const kind: ProofKind = proofs[proof.kind];
  const expected = kind.expected(proof);
  if (completeAtMs === undefined) {
    return { status: 'not-injected', observed: 'never injected', expected, samples: 0 };
  }
  const span = { fromMs: completeAtMs, toMs: Math.min(revertingAtMs ?? endMs, endMs) };
  return { expected, ...kind.look(proof, { fault, span, before, evidence, traffic }) };
}
