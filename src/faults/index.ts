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
  (await import('./restart.ts')).restart,
  (await import('./sidecar-killed.ts')).sidecarKilled,
  (await import('./pause.ts')).pause,
  (await import('./zone-outage.ts')).zoneOutage,
  (await import('./node-stopped.ts')).nodeStopped,
  (await import('./scaled-to-zero.ts')).scaledToZero,
  (await import('./sidecar-cpu-limit.ts')).sidecarCpuLimit,
  (await import('./control-plane-outage.ts')).controlPlaneOutage,
  (await import('./network-latency.ts')).networkLatency,
  (await import('./network-bandwidth.ts')).networkBandwidth,
  (await import('./network-black-hole.ts')).networkBlackHole,
  (await import('./network-reset.ts')).networkReset,
  (await import('./network-partition.ts')).networkPartition,
  (await import('./slow-clients.ts')).slowClients,
  (await import('./certificate-rotated.ts')).certificateRotated,
  (await import('./certificate-expired.ts')).certificateExpired,
  (await import('./certificate-foreign.ts')).certificateForeign,
  (await import('./certificate-wrong-identity.ts')).certificateWrongIdentity,
  (await import('./authority-rotated.ts')).authorityRotated,
] as const;

/** Faults that others know and that cannot be made here, with what there is in their place. */
export const absentFaults: ReadonlyMap<string, string> = new Map([
  [
    'network-loss',
    'single packets are lost in a kernel, and no environment may tell its own to; TCP sends them again, so that what sidecars see of it is latency that comes and goes: network-latency with jitter',
  ],
]);

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
