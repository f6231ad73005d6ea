import type { FaultRecord } from '../../checks/facts.ts';
import type { JournalEntry } from '../../model/evidence.ts';
import { describeActionTarget } from '../../model/fault.ts';
import type { PlannedFault } from '../../plan/contract.ts';

/** A fault as it really happened, with what was planned of it. */
export interface RecordedFault extends FaultRecord {
  readonly planned: PlannedFault;
  /** When the last target had it. */
  readonly completeAtMs: number | undefined;
}

/** Faults as they really happened, from the journal; times from the start of the load. */
export function recordFaults(
  planned: readonly PlannedFault[],
  journal: readonly JournalEntry[],
  originMs: number,
): RecordedFault[] {
  return planned.map((fault) => {
    const times = (event: JournalEntry['event']) =>
      journal
        .filter((entry) => 'fault' in entry && entry.fault === fault.name && entry.event === event)
        .map((entry) => entry.t - originMs);
    const injectingAtMs = first(times('injecting')) ?? first(times('injected'));
    const completeAtMs = last(times('injected'));
    return {
      planned: fault,
      name: fault.name,
      kind: fault.fault.kind,
      description: fault.description,
      targets: fault.targets,
      plannedAtMs: fault.atMs,
      plannedForMs: fault.forMs,
      injectingAtMs,
      injectedAtMs: completeAtMs !== undefined && fault.isGradual ? injectingAtMs : completeAtMs,
      completeAtMs,
      revertingAtMs: first(times('reverting')) ?? first(times('reverted')),
      revertedAtMs: last(times('reverted')),
    };
  });
}

/** What the journal says went wrong with a fault: failures, and targets that never got rid of it. */
export function faultTroubles(fault: PlannedFault, journal: readonly JournalEntry[]): string[] {
  const entries = journal.flatMap((entry) => ('fault' in entry && entry.fault === fault.name ? [entry] : []));
  const targets = new Set(fault.actions.map(({ inject }) => describeActionTarget(inject.target)));
  return [...targets].flatMap((target) => {
    const own = entries.filter((entry) => entry.target === target);
    const had = own.some(({ event }) => event === 'injecting' || event === 'injected');
    const free = own.some(({ event }) => event === 'reverted' || event === 'left');
    const failed = own.findLast(({ event }) => event === 'failed');
    if (had && !free) {
      const why = failed?.error === undefined ? '' : `: ${failed.error}`;
      return [`${fault.name} was never taken back from ${target}${why}`];
    }
    return failed ? [`${fault.name} failed on ${target}: ${failed.error ?? 'no reason given'}`] : [];
  });
}

const first = (times: readonly number[]) => (times.length === 0 ? undefined : Math.min(...times));
const last = (times: readonly number[]) => (times.length === 0 ? undefined : Math.max(...times));
