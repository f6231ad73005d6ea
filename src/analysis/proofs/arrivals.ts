import type { Evidence } from '../../evidence/evidence.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { SettledEnding, Traffic } from '../traffic/traffic.ts';
import type { Span } from './contract.ts';

/** Places of a fault's targets among the instances of the evidence. */
export function targetIndexes(fault: RecordedFault, evidence: Evidence): Set<number> {
  return new Set(
    fault.targets.map((name) => evidence.context.instances.findIndex((instance) => instance.name === name)),
  );
}

/** What was sent to a host, by a load or by an app that called onward, as the caller's sidecar saw it. */
export interface Sent {
  /** Place of the instance that sent it. */
  readonly caller: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly ending: SettledEnding;
  /** Attempts that servers saw. */
  readonly arrivals: number;
  /** Row of the last of them; -1 when there was none. */
  readonly lastArrival: number;
}

/** Everything that loads and apps have sent. */
export function eachSent(
  { requests, calls }: Evidence,
  { endings, endingOf }: Traffic,
  each: (sent: Sent) => void,
): void {
  const all = [
    { ...requests, ending: endingOf, length: requests.length, caller: requests.client },
    { ...calls, length: calls.length },
  ];
  for (const { length, caller, startMs, durationMs, ending, arrivals, lastArrival } of all) {
    for (let row = 0; row < length; row += 1) {
      const settled = endings[ending[row] as number];
      if (settled === undefined) continue;
      each({
        caller: caller[row] as number,
        startMs: startMs[row] as number,
        durationMs: durationMs[row] as number,
        ending: settled,
        arrivals: arrivals[row] as number,
        lastArrival: lastArrival[row] as number,
      });
    }
  }
}

/** Every row of what reached the instances in that time. */
export function eachArrival(
  { arrivals }: Evidence,
  instances: ReadonlySet<number>,
  { fromMs, toMs }: Span,
  each: (row: number) => void,
): void {
  for (let row = 0; row < arrivals.length; row += 1) {
    const startMs = arrivals.startMs[row] as number;
    if (startMs >= fromMs && startMs < toMs && instances.has(arrivals.instance[row] as number)) each(row);
  }
}
