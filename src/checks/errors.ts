import type { Window } from './contract.ts';
import type { RunFacts } from './facts.ts';

/** Requests that failed and were not shed on purpose. */
export function countErrors(facts: RunFacts, window: Window): number {
  return facts.count(window, { outcome: 'error' }) + facts.count(window, { outcome: 'unanswered' });
}
