import type { Evidence } from '../../evidence/evidence.ts';
import type { PlannedLoad } from '../../load/planned.ts';
import type { LoadTotals } from '../../model/evidence.ts';
import { type TopologyPlan, type Way, waysOn } from '../../model/topology.ts';
import type { TrialPlan } from '../../plan/contract.ts';
import { calibrate, type DueClock } from './due-clock.ts';
import type { Traffic } from './traffic.ts';

/** One load of a trial: as it was planned, as k6 counted it, and its requests in the clients' logs. */
export interface LoadFacts {
  readonly planned: PlannedLoad;
  /** Counted from 0, in the order of the plan. */
  readonly number: number;
  /** The way of its requests, and those of the calls that apps make for them. */
  readonly ways: readonly Way[];
  /** Undefined when k6 left none. */
  readonly totals: LoadTotals | undefined;
  readonly clock: DueClock;
  readonly requests: number;
  /** Whether its requests went to their service as bytes, so that no sidecar knows of any. */
  readonly isBlind: boolean;
  /** Requests that should have said when they were due and did not. */
  readonly withoutDue: number;
  /** Its requests by number of ending. */
  endings(): Uint32Array;
  /** How long each of its requests took from its first byte on, in milliseconds, sorted. */
  durations(): Float32Array;
}

/** Nothing is known of when its requests were due. */
const withoutClock = calibrate(new Float32Array(0), 0);

/** Every load of a trial, in the order of the plan. */
export function loadsOf(
  { loads }: TrialPlan,
  topology: TopologyPlan,
  evidence: Evidence,
  traffic: Traffic,
): LoadFacts[] {
  const { requests, quality } = evidence;
  return loads.map((planned, number) => {
    const count = requests.load
      .subarray(0, traffic.length)
      .reduce((sum, load) => sum + +(load === number), 0);
    return {
      planned,
      number,
      ways: waysOn(planned, topology),
      totals: evidence.loads[number],
      clock: traffic.clocks[number] ?? withoutClock,
      requests: count,
      isBlind: count === 0 && (evidence.passedOn.get(planned.to) ?? 0) > 0,
      withoutDue: quality.withoutDue[number] ?? 0,
      endings() {
        const counts = new Uint32Array(traffic.endings.length);
        for (let row = 0; row < traffic.length; row += 1) {
          if (requests.load[row] !== number) continue;
          const ending = traffic.endingOf[row] as number;
          counts[ending] = (counts[ending] as number) + 1;
        }
        return counts;
      },
      durations() {
        const durations = new Float32Array(count);
        let at = 0;
        for (let row = 0; row < traffic.length; row += 1) {
          if (requests.load[row] === number) durations[at++] = requests.durationMs[row] as number;
        }
        return durations.sort();
      },
    };
  });
}

/** A text of each load, its name before it unless it is the only one. */
export function byLoad(loads: readonly LoadFacts[], say: (load: LoadFacts) => string | undefined): string[] {
  return loads.flatMap((load) => {
    const said = say(load);
    if (said === undefined) return [];
    return [loads.length === 1 ? said : `${load.planned.name}: ${said}`];
  });
}

/** Whether the requests of every load went to their services as bytes. */
export const isAllBlind = (loads: readonly Pick<LoadFacts, 'isBlind'>[]) =>
  loads.length > 0 && loads.every(({ isBlind }) => isBlind);
