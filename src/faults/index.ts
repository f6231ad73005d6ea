import type { z } from 'zod';
import { byKind, unionOf } from '../kit/kinds.ts';
import type { FaultKind } from './contract.ts';

/** Every kind of fault a scenario may name, in the order of the reference. docs/adding-a-fault.md says how to add one. */
const kinds = [
  (await import('./latency.ts')).latency,
  (await import('./error.ts')).error,
  (await import('./hang.ts')).hang,
  (await import('./reset.ts')).reset,
  (await import('./refuse.ts')).refuse,
  (await import('./kill.ts')).kill,
  (await import('./pause.ts')).pause,
  (await import('./zone-outage.ts')).zoneOutage,
  (await import('./node-stopped.ts')).nodeStopped,
  (await import('./scaled-to-zero.ts')).scaledToZero,
  (await import('./control-plane-outage.ts')).controlPlaneOutage,
  (await import('./slow-clients.ts')).slowClients,
  (await import('./certificate-rotated.ts')).certificateRotated,
  (await import('./certificate-expired.ts')).certificateExpired,
  (await import('./certificate-foreign.ts')).certificateForeign,
  (await import('./certificate-wrong-identity.ts')).certificateWrongIdentity,
  (await import('./authority-rotated.ts')).authorityRotated,
] as const;

/** One fault of a scenario, told apart by `kind`. */
export const faultSchema = unionOf(kinds);
export type Fault = z.output<typeof faultSchema>;

const kindsByName = byKind<FaultKind>(kinds);

/** The kind behind a fault. */
export function faultKind({ kind }: Fault): FaultKind {
  const found = kindsByName.get(kind);
  if (found === undefined) throw new Error(`no kind of fault is called ${kind}`);
  return found;
}
