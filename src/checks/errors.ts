import type { Outcome } from '../model/evidence.ts';
import type { Window } from './contract.ts';
import type { RunFacts } from './facts.ts';

/** How requests end that failed and were not shed on purpose. */
export const errors: readonly Outcome[] = ['error', 'unanswered'];

/** Requests that failed and were not shed on purpose. */
export function countErrors(facts: RunFacts, window: Window): number {
  return errors.reduce((all, outcome) => all + facts.count(window, { outcome }), 0);
}
