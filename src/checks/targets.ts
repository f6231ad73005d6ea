import { describeTarget, type InstanceTarget } from '../model/target.ts';
import type { Window } from './contract.ts';
import type { RunFacts } from './facts.ts';

/** The instances hit by the fault that a window belongs to. */
export function targetsOf(facts: RunFacts, window: Window): readonly string[] {
  return facts.faults.find((fault) => fault.name === window.fault)?.targets ?? [];
}

/** "a sidecar", "a sidecar of edge-app". */
export const sidecarsText = (target: InstanceTarget | undefined) =>
  target === undefined ? 'a sidecar' : `a sidecar of ${describeTarget(target)}`;
