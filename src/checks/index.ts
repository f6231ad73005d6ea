import type { z } from 'zod';
import { byKind, unionOf } from '../kit/kinds.ts';
import type { CheckKind, Window } from './contract.ts';

export { formatLimits, neededForPercentile } from './limits.ts';
export { answeredBy } from './proportion.ts';

/** Every kind of check a scenario may name, in the order of the reference. docs/adding-a-check.md says how to add one. */
const kinds = [
  (await import('./success-rate.ts')).successRate,
  (await import('./error-rate.ts')).errorRate,
  (await import('./error-count.ts')).errorCount,
  (await import('./latency.ts')).latency,
  (await import('./goodput.ts')).goodput,
  (await import('./share.ts')).share,
  (await import('./proportion.ts')).proportion,
  (await import('./attempts.ts')).attempts,
  (await import('./cache-hits.ts')).cacheHits,
  (await import('./answer-age.ts')).answerAge,
  (await import('./origin-requests.ts')).originRequests,
  (await import('./complete-traces.ts')).completeTraces,
  (await import('./metrics-agree.ts')).metricsAgree,
  (await import('./expectations.ts')).expectations,
  (await import('./added-latency.ts')).addedLatency,
  (await import('./sidecar-cpu.ts')).sidecarCpu,
  (await import('./sidecar-memory.ts')).sidecarMemory,
  (await import('./overflow.ts')).overflow,
  (await import('./connections.ts')).connections,
  (await import('./ejections.ts')).ejections,
  (await import('./time-to-eject.ts')).timeToEject,
  (await import('./time-to-fail-over.ts')).timeToFailOver,
  (await import('./time-to-return.ts')).timeToReturn,
  (await import('./time-to-recover.ts')).timeToRecover,
  (await import('./convergence.ts')).convergence,
] as const;

/** One check of a scenario, told apart by `kind`. */
export const checkSchema = unionOf(kinds);
export type Check = z.output<typeof checkSchema>;

/** Every kind of check by its name. */
export const checkKinds = byKind<CheckKind>(kinds);

/** The kind behind a check, of a scenario or of a report. */
export function checkKind({ kind }: { readonly kind: string }): CheckKind {
  const found = checkKinds.get(kind);
  if (found === undefined) throw new Error(`no kind of check is called ${kind}`);
  return found;
}

/** The load that a check is about; undefined for all of them. */
export const loadOf = (check: Check): string | undefined => ('load' in check ? check.load : undefined);

/** The fault that a check names. */
export const faultOf = (check: Check): string | undefined => ('fault' in check ? check.fault : undefined);

/** The change that a check names. */
export const changeOf = (check: Check): string | undefined => ('change' in check ? check.change : undefined);

/** The window that a check looks at. */
export function windowName(check: Check): Window['name'] {
  return 'during' in check ? check.during : (checkKind(check).window ?? 'run');
}
