import type { Window } from './contract.ts';
import type { RunFacts } from './facts.ts';

/** The instances hit by the fault that a window belongs to. */
export function targetsOf(facts: RunFacts, window: Window): readonly string[] {
  return facts.faults.find((fault) => fault.name === window.fault)?.targets ?? [];
}
