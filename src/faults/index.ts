import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { controlPlaneOutage } from './control-plane-outage.ts';
import { error } from './error.ts';
import { hang } from './hang.ts';
import { kill } from './kill.ts';
import { latency } from './latency.ts';
import { nodeStopped } from './node-stopped.ts';
import { pause } from './pause.ts';
import { refuse } from './refuse.ts';
import { reset } from './reset.ts';
import { scaledToZero } from './scaled-to-zero.ts';
import { zoneOutage } from './zone-outage.ts';

/** Every kind of fault a scenario may name. docs/adding-a-fault.md says how to add one. */
const faultKinds = {
  latency,
  error,
  hang,
  reset,
  refuse,
  kill,
  pause,
  'zone-outage': zoneOutage,
  'node-stopped': nodeStopped,
  'scaled-to-zero': scaledToZero,
  'control-plane-outage': controlPlaneOutage,
} as const;

/** One fault of a scenario, told apart by `kind`. */
export const faultSchema = z.discriminatedUnion('kind', [
  latency.schema,
  error.schema,
  hang.schema,
  reset.schema,
  refuse.schema,
  kill.schema,
  pause.schema,
  zoneOutage.schema,
  nodeStopped.schema,
  scaledToZero.schema,
  controlPlaneOutage.schema,
]);
export type Fault = z.output<typeof faultSchema>;

/** The kind behind a fault, typed loosely: the schema has already matched the two. */
export function faultKind(fault: Fault): FaultKind {
  return faultKinds[fault.kind] as unknown as FaultKind;
}
