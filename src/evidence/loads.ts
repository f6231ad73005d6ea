import type { InstanceContext, LoadTotals } from '../model/evidence.ts';
import { type LogLines, NO_DUE, OF_PROBE, UNSAID } from '../model/log-lines.ts';

/** The request belongs to no load. */
export const NO_LOAD = -1;

/** The loads of one client, by number in loads.json: which a request is of that does not say so itself. */
export interface ClientLoads {
  /** The one whose requests carry nothing; NO_LOAD when all of them carry the header. */
  readonly silent: number;
  /** The one that a request with the header belongs to when it names none. */
  readonly first: number;
}

/** Which loads each instance sends; `instances` and the answer have one order. */
export function loadsOfClients(
  loads: readonly LoadTotals[],
  instances: readonly InstanceContext[],
): readonly ClientLoads[] {
  // Whatever the clients have sent is the load of a run whose k6 did not get to write what it counted.
  if (loads.length === 0) return instances.map(() => ({ silent: 0, first: 0 }));
  return instances.map(({ service }) => {
    const own = ({ from }: LoadTotals) => from === service;
    const silent = loads.findIndex((load) => own(load) && !isTold(load, loads));
    const told = loads.findIndex((load) => own(load) && isTold(load, loads));
    // A script may write the header itself.
    return { silent, first: told === NO_LOAD ? silent : told };
  });
}

/** Whether a load's requests carry the header; see DUE_HEADER. */
const isTold = (load: LoadTotals, all: readonly LoadTotals[]) =>
  load.carriesDue ||
  (load.loop !== 'script' && all.some((other) => other !== load && other.from === load.from));

/** Due times further than this from a request's start are not believed: callers can write anything there. */
const BELIEVABLE_LAG_MS = { least: -1_000, most: 600_000 };

/** Milliseconds from when a request was due until it started; NaN where it does not say, or is not believed. */
export function believedLagMs(startMs: number, dueMs: number): number {
  if (dueMs < 0) return Number.NaN;
  const lagMs = startMs - dueMs;
  return lagMs >= BELIEVABLE_LAG_MS.least && lagMs <= BELIEVABLE_LAG_MS.most ? lagMs : Number.NaN;
}

/** The number of the load that a line of a client of `service` is about; NO_LOAD when it is about none. */
export function loadOfLine(
  { dueMs, load }: LogLines,
  line: number,
  loads: readonly LoadTotals[],
  service: string | undefined,
  { silent, first }: ClientLoads,
): number {
  const said = load[line] as number;
  if (said === OF_PROBE) return NO_LOAD;
  // Callers can write anything there.
  if (loads[said]?.from === service) return said;
  return said === UNSAID && dueMs[line] === NO_DUE ? silent : first;
}
