import type { Evidence } from '../../evidence/evidence.ts';
import type { RecordedFault } from '../fault-records.ts';
import type { Span } from './contract.ts';

/** Places of a fault's targets among the instances of the evidence. */
export function targetIndexes(fault: RecordedFault, evidence: Evidence): Set<number> {
  return new Set(
    fault.targets.map((name) => evidence.context.instances.findIndex((instance) => instance.name === name)),
  );
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
