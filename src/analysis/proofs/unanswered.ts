import type { Ending } from '../../evidence/endings.ts';
import type { Reason } from '../../model/ending.ts';
import { eachSent, targetIndexes } from './arrivals.ts';
import type { Injected, ProofKind, ProofOf, Span } from './contract.ts';
import { asShare, lookForSymptom } from './symptom.ts';

/** The targets do not answer: 0 in status, reset, refused, cut off, or not before the fault is over. */
export const unanswered: ProofKind<ProofOf<'unanswered'>> = {
  expected: ({ share }) => `${asShare(share)} of what is sent to the targets without an answer`,
  look: ({ share }, injected) =>
    lookForSymptom(injected, share, {
      shows: (ending, startMs, durationMs, untilMs) => isUnanswered(ending) || startMs + durationMs > untilMs,
      unseen: (within) => neverArrived(injected, within),
    }),
};

/** What never got as far as the target's sidecar is known to the caller only. */
function neverArrived({ fault, evidence, traffic }: Injected, { fromMs, toMs }: Span): number {
  const targets = targetIndexes(fault, evidence);
  let count = 0;
  eachSent(evidence, traffic, ({ startMs, ending, arrivals }) => {
    if (startMs < fromMs || startMs >= toMs || arrivals !== 0) return;
    if (targets.has(ending.instance) && !ending.answered) count += 1;
  });
  return count;
}

const withoutAnswer: ReadonlySet<Reason> = new Set([
  'connect',
  'tls',
  'reset',
  'timeout',
  'client-gone',
  'protocol',
]);

/** No answer of the app got through: connection refused, reset, timed out, given up or cut off. */
export function isUnanswered({ status, whole, reason }: Ending): boolean {
  return status === 0 || !whole || withoutAnswer.has(reason);
}
