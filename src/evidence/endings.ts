import type { LoggedEnding, Reason, Side } from '../model/ending.ts';
import type { Outcome } from '../model/evidence.ts';

/** How a request ended, in words that hold for every mesh; `raw` is for people to read. */
export interface Ending extends LoggedEnding {
  readonly outcome: Outcome;
  /** Whether `host` itself answered, rather than a sidecar in its place. */
  readonly answered: boolean;
  /** Whose sidecar refused it, where this line says that one did. */
  readonly refusedBy: Side | undefined;
}

/** What a sidecar refuses by itself to protect a service. */
const sheds: ReadonlySet<Reason> = new Set(['overflow', 'rate-limited', 'overload']);

/** What a sidecar refuses without asking a host. */
const refuses: ReadonlySet<Reason> = new Set([
  ...sheds,
  'no-host',
  'no-route',
  'no-cluster',
  'denied',
  'injected',
]);

/** Whether a sidecar refused it, whichever. */
export const isRefusal = ({ reason }: Pick<LoggedEnding, 'reason'>) => refuses.has(reason);

export function settleEnding(logged: LoggedEnding): Ending {
  const { direction, host, fromHost } = logged;
  const outcome = outcomeOf(logged);
  return {
    ...logged,
    outcome,
    answered: host !== '-' && (outcome === 'ok' || (outcome === 'error' && fromHost)),
    refusedBy: refuserOf(logged, direction),
  };
}

function refuserOf(logged: LoggedEnding, direction: LoggedEnding['direction']): Side | undefined {
  const distrust = logged.clues?.distrust;
  if (distrust !== undefined) return distrust.of === 'client' ? 'server' : 'client';
  if (!isRefusal(logged) || direction === 'none') return undefined;
  return direction === 'outbound' ? 'client' : 'server';
}

function outcomeOf({ reason, status, whole }: LoggedEnding): Outcome {
  if (sheds.has(reason)) return 'shed';
  if (status === 0 || !whole) return 'unanswered';
  return status < 400 ? 'ok' : 'error';
}
