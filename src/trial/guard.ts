import { formatPercent, plural } from '../kit/format.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { StatisticsSample } from '../model/evidence.ts';
import type { Instance } from '../model/topology.ts';
import { GUARDED_REQUESTS, type PlannedGuard } from '../plan/contract.ts';

/** Samples come every 200 ms, and not on the dot. */
const slackMs = 100;

/** What a guard makes of a moment. */
export interface Sight {
  readonly holds: boolean;
  /** Share from 0 to 1. */
  readonly value: number;
  /** "71.2 % of 198 requests". */
  readonly text: string;
}

/** Sums of counters at one moment, over all that a guard watches. */
interface Sums {
  readonly t: number;
  readonly completed: number;
  readonly failed: number;
  readonly shed: number;
}

/** What of a guard is looked at each time. */
type Limit = Pick<PlannedGuard, 'kind' | 'atLeast' | 'atMost' | 'overMs'>;

/**
 * Whose counters a guard watches: an instance of a client, and every service that it calls, since routes may lead to
 * others than the one that was called; without those that belong to other loads.
 */
export interface Watched {
  readonly instance: string;
  readonly others: readonly string[];
}

/** Every instance of the clients whose loads a guard watches, without what other loads call from there. */
export function watchedBy(
  { load }: Pick<PlannedGuard, 'load'>,
  loads: readonly Pick<PlannedLoad, 'name' | 'from' | 'to'>[],
  instances: readonly Pick<Instance, 'name' | 'service'>[],
): readonly Watched[] {
  const own = loads.filter(({ name }) => load === undefined || name === load);
  const called = new Set(own.map(({ to }) => to));
  return instances
    .filter(({ service }) => own.some(({ from }) => from === service))
    .map(({ name, service }) => ({
      instance: name,
      others: loads.filter(({ from, to }) => from === service && !called.has(to)).map(({ to }) => to),
    }));
}

/**
 * Looks back from each sample over as much time as a guard says, not beyond the moment from which on it watches. Of
 * requests it knows what the clients' sidecars count as they end.
 */
export class GuardWatch {
  readonly #guard: Limit;
  readonly #watched: readonly Watched[];
  readonly #past: Sums[] = [];

  constructor(guard: Limit, watched: readonly Watched[]) {
    this.#guard = guard;
    this.#watched = watched;
  }

  /** What the newest samples show; undefined while there is too little to say. */
  look(samples: readonly StatisticsSample[]): Sight | undefined {
    const own = samples.filter((sample) => this.#watched.some((each) => isOf(sample, each)));
    // With one that did not answer the sums would be smaller than before.
    if (this.#watched.some(({ instance }) => own.every((sample) => sample.instance !== instance)))
      return undefined;
    const now = sumsOf(own);
    const last = this.#past.at(-1);
    if (now.t === last?.t) return undefined;
    // A cluster that configuration has taken away took its counters along.
    if (last !== undefined && now.completed < last.completed) this.#past.splice(0);
    this.#past.push(now);
    const since = this.#past.findLast(({ t }) => t <= now.t - this.#guard.overMs + slackMs);
    if (since === undefined) return undefined;
    this.#past.splice(0, this.#past.indexOf(since));
    return this.#judge(now.completed - since.completed, now.failed - since.failed, now.shed - since.shed);
  }

  #judge(completed: number, failed: number, shed: number): Sight | undefined {
    if (completed < GUARDED_REQUESTS) return undefined;
    const { kind, atLeast, atMost } = this.#guard;
    const errors = Math.max(0, failed - shed);
    const value = kind === 'success-rate' ? 1 - failed / completed : errors / completed;
    const holds = value >= (atLeast ?? 0) && value <= (atMost ?? 1);
    return { holds, value, text: `${formatPercent(value)} of ${plural(completed, 'request')}` };
  }
}

const isOf = (sample: StatisticsSample, { instance, others }: Watched) =>
  sample.instance === instance && !others.includes(sample.service);

function sumsOf(samples: readonly StatisticsSample[]): Sums {
  const sum = (of: (sample: StatisticsSample) => number) => samples.reduce((all, each) => all + of(each), 0);
  // What reached no service each client counts once, whatever it calls.
  const strayed = [...new Map(samples.map((each) => [each.instance, each.strayed])).values()];
  const astray = strayed.reduce((all, each) => all + each, 0);
  return {
    t: Math.max(...samples.map(({ t }) => t)),
    completed: sum(({ completed }) => completed) + astray,
    failed: sum(({ failed }) => failed) + astray,
    shed: sum(({ overflow }) => overflow),
  };
}
