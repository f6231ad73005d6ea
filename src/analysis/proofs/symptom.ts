import type { Ending } from '../../evidence/endings.ts';
import { formatPercent, plural } from '../../kit/format.ts';
import { wilson } from '../../kit/wilson.ts';
import { eachArrival, targetIndexes } from './arrivals.ts';
import type { Efficacy, Injected, Span } from './contract.ts';

/** The share may stay this far below what was asked for: requests at the edges of the fault. */
const TOLERANCE = 0.02;
/** What arrives this soon after an injection may still have found the old state on its way. */
export const SETTLE_MS = 20;

/** Something that single requests show at a target. */
interface Symptom {
  /** Whether what reached a target shows it; the time that is looked at ends at `untilMs`. */
  shows(ending: Ending, startMs: number, durationMs: number, untilMs: number): boolean;
  /** Requests in a time that show it without having reached a target's sidecar. */
  unseen?(within: Span): number;
}

/** Counts the symptom in the logs of the targets' own sidecars. */
export function lookForSymptom(
  { fault, span, before, evidence }: Injected,
  share: number,
  symptom: Symptom,
): Omit<Efficacy, 'expected'> {
  const { arrivals, endings } = evidence;
  const targets = targetIndexes(fault, evidence);
  const count = (within: Span, untilMs: number) => {
    const unseen = symptom.unseen?.(within) ?? 0;
    let samples = unseen;
    let hits = unseen;
    eachArrival(evidence, targets, within, (row) => {
      const ending = endings[arrivals.ending[row] as number];
      if (ending === undefined) return;
      samples += 1;
      const startMs = arrivals.startMs[row] as number;
      if (symptom.shows(ending, startMs, arrivals.durationMs[row] as number, untilMs)) hits += 1;
    });
    return { samples, hits };
  };
  const steady = count(before, Number.POSITIVE_INFINITY);
  const during = count({ fromMs: span.fromMs + SETTLE_MS, toMs: span.toMs }, span.toMs);
  return compared(
    steady,
    during,
    share,
    `nothing reached ${fault.targets.join(', ')} while the fault was on`,
  );
}

/** How many of something showed a symptom. */
interface Counted {
  readonly samples: number;
  readonly hits: number;
}

/**
 * Proven when the share asked for is not ruled out by the 99 % interval, and the symptom is clearly more frequent than
 * before the fault.
 */
export function compared(
  steady: Counted,
  { samples, hits }: Counted,
  share: number,
  nothing: string,
): Omit<Efficacy, 'expected'> {
  if (samples === 0) return { status: 'no-traffic', observed: nothing, samples };
  const interval = wilson(hits, samples);
  const usual = steady.hits === 0 ? 0 : wilson(steady.hits, steady.samples).high;
  const proven = hits > 0 && (share === 0 || (interval.high >= share - TOLERANCE && interval.low > usual));
  return {
    status: proven ? 'proven' : 'unproven',
    observed: `${formatPercent(hits / samples)} of ${plural(samples, 'request')} (${rounded(interval.low)} to ${rounded(interval.high)})`,
    samples,
  };
}

const rounded = (share: number) => `${Number((share * 100).toFixed(1))} %`;

/** "99 %", or "some" where a fault asks for no share in particular. */
export const asShare = (share: number) => (share === 0 ? 'some' : formatPercent(share));
