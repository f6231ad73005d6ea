import type { Evidence } from '../../evidence/evidence.ts';
import { formatCount } from '../../kit/format.ts';
import { NO_HOST } from '../traffic/traffic.ts';
import { eachArrival, eachSent, targetIndexes } from './arrivals.ts';
import type { ProofKind, ProofOf, Span } from './contract.ts';

/** A killed or stopped instance may finish what it had; its process may be seen once more. */
const SILENT_AFTER_MS = 200;
const GONE_AFTER_MS = 1_000;

/**
 * The targets are gone. The dead write no logs, and what they had not written is lost: that they had traffic
 * before is known from their callers, and that they are gone must not rest on missing lines alone when their
 * processes are watched.
 */
export const silent: ProofKind<ProofOf<'silent'>> = {
  expected: () => 'the targets answer nothing',
  look({ part }, { fault, span, evidence, traffic }) {
    const targets = targetIndexes(fault, evidence);
    const quiet = { fromMs: span.fromMs + SILENT_AFTER_MS, toMs: span.toMs };
    let samples = 0;
    let answeredAnyway = 0;
    eachSent(evidence, traffic, ({ startMs, durationMs, ending }) => {
      if (!targets.has(ending.answeredBy) && !(ending.answered && targets.has(ending.via ?? NO_HOST))) return;
      if (startMs < (fault.injectingAtMs ?? span.fromMs)) samples += 1;
      // An answer that came while the fault was on; one that waited for the end of it proves nothing.
      if (startMs >= quiet.fromMs && startMs + durationMs < quiet.toMs) answeredAnyway += 1;
    });
    let arrived = 0;
    eachArrival(evidence, targets, quiet, () => {
      arrived += 1;
    });
    const alive = fault.targets.filter((name) => ranOn(name, part, span, evidence));
    if (samples === 0 && arrived === 0 && answeredAnyway === 0) {
      // Another network has no traffic while nobody needs it, and what is gone there is gone all the same.
      const all = [...targets].map((target) => evidence.context.instances[target]);
      const isWatched = all.every(
        (each) =>
          each?.network !== undefined && ranBefore(each.name, fault.injectingAtMs ?? span.fromMs, evidence),
      );
      if (isWatched && alive.length === 0) {
        const observed = `the processes of ${fault.targets.join(', ')} were gone; nothing was sent there`;
        return { status: 'proven', observed, samples };
      }
      const observed = `${fault.targets.join(', ')} answered nothing before the fault either`;
      return { status: 'no-traffic', observed, samples };
    }
    const before = `${formatCount(samples)} answers before`;
    if (arrived > 0 || answeredAnyway > 0) {
      const observed = `${before}, ${formatCount(Math.max(arrived, answeredAnyway))} while it should be silent`;
      return { status: 'unproven', observed, samples };
    }
    if (alive.length > 0) {
      const observed = `${before}, none while the fault was on, but ${alive.join(', ')} went on running`;
      return { status: 'unproven', observed, samples };
    }
    return { status: 'proven', observed: `${before}, none while the fault was on`, samples };
  },
};

/** Whether a process of the instance was seen before a moment. */
const ranBefore = (instance: string, ms: number, evidence: Evidence) =>
  [...evidence.processes.values()].some(
    ({ name, t }) => name.startsWith(`${instance}/`) && t.some((at) => at < ms),
  );

/** Whether a process of the instance, or that part of it, used CPU well into the fault. */
function ranOn(instance: string, part: string | undefined, span: Span, evidence: Evidence): boolean {
  for (const { name, t, pid, cpuMs } of evidence.processes.values()) {
    if (part === undefined ? !name.startsWith(`${instance}/`) : name !== `${instance}/${part}`) continue;
    let first = -1;
    for (const [index, at] of t.entries()) {
      if (at <= span.fromMs + GONE_AFTER_MS || at >= span.toMs) continue;
      if (first < 0) first = index;
      else if (pid[first] === pid[index] && (cpuMs[index] ?? 0) > (cpuMs[first] ?? 0)) return true;
    }
  }
  return false;
}
