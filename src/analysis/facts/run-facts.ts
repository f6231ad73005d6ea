import type { Window } from '../../checks/contract.ts';
import type { ChangeRecord, FaultRecord, RunFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { DIRECT } from '../../evidence/requests.ts';
import type { Refuser } from '../../model/ending.ts';
import { isServer, matches } from '../../model/topology.ts';
import type { LoadFacts } from '../traffic/loads.ts';
import { NO_HOST, type SettledEnding, type Traffic } from '../traffic/traffic.ts';
import { latenciesOf } from './percentile.ts';
import { addedLatency, sidecarUse } from './sidecars.ts';
import { addressesOf, firstEjectedAt, increase } from './statistics.ts';
import { Traces } from './traces.ts';

/** Steps in which `firstSettled` looks; also the finest time it can answer. */
const STEP_MS = 10;
/** Requests that the time to hold must have at least. */
const HELD_REQUESTS = 10;

/**
 * Answers every question checks may ask by passing over the rows; of one load, when that is given, and without the rows
 * that are left out.
 */
export function createFacts(
  evidence: Evidence,
  traffic: Traffic,
  faults: readonly FaultRecord[],
  changes: readonly ChangeRecord[],
  windows: readonly Window[],
  durationMs: number,
  probes: RunFacts['probes'],
  load?: Pick<LoadFacts, 'number' | 'ways'>,
  leftOut?: Uint8Array,
  { traces, metrics }: Told = { traces: new Traces(evidence, traffic), metrics: undefined },
): Omit<RunFacts, 'spared'> {
  const { instances } = evidence.context;
  const { whenMs, latencyMs, endingOf, endings } = traffic;
  const indexes = (names: readonly string[]) =>
    new Set(names.map((name) => instances.findIndex((instance) => instance.name === name)));

  const isAsked = (row: number) =>
    (load === undefined || evidence.requests.load[row] === load.number) && leftOut?.[row] !== 1;
  /** Calls `each` for every row of a window whose ending is wanted. */
  const scan = (window: Span, wanted: Uint8Array, each: (row: number) => void) => {
    for (let row = 0; row < traffic.length; row += 1) {
      if (!isAsked(row)) continue;
      const when = whenMs[row] as number;
      if (when >= window.fromMs && when < window.toMs && wanted[endingOf[row] as number] === 1) each(row);
    }
  };
  /** What the sidecars concerned have counted. */
  const statistics = evidence.statistics.filter(({ instance, service: to }) => {
    const from = instances.find(({ name }) => name === instance)?.service;
    return load === undefined || load.ways.some((way) => way.from === from && way.to === to);
  });
  const endingsWhere = (wanted: (ending: Traffic['endings'][number]) => boolean) =>
    Uint8Array.from(endings, (ending) => (wanted(ending) ? 1 : 0));

  const every = endingsWhere(() => true);
  const { calls, requests } = evidence;
  /** Calls `each` for every call of an app that was made for a request of a window. */
  const scanCalls = (window: Span, each: (row: number, whenMs: number) => void) => {
    for (let row = 0; row < calls.length; row += 1) {
      const request = calls.request[row] as number;
      if (request < 0 || !isAsked(request)) continue;
      const when = whenMs[request] as number;
      if (when >= window.fromMs && when < window.toMs) each(row, when);
    }
  };
  /** All instances of the services of some, where no load has an answer of any and apps have; undefined otherwise. */
  const behindApps = (names: readonly string[]): ReadonlySet<number> | undefined => {
    const services = new Set(
      instances.filter(({ name }) => names.includes(name)).map(({ service }) => service),
    );
    const alike = new Set(instances.flatMap(({ service }, index) => (services.has(service) ? [index] : [])));
    const hasAnswered = (ending: number) => alike.has(endings[ending]?.answeredBy ?? NO_HOST);
    const called = calls.ending.subarray(0, calls.length).some(hasAnswered);
    return called && !endingOf.subarray(0, traffic.length).some(hasAnswered) ? alike : undefined;
  };

  const mostAttempts = Math.max(0, ...endings.map(({ attempts }) => attempts));
  /** Attempts in as much time without what was waited for a processor, but no more than anybody made. */
  const mightHaveBeen = ({ attempts }: SettledEnding, lastedMs: number, waitedMs: number) =>
    waitedMs >= lastedMs
      ? mostAttempts
      : Math.min(mostAttempts, (attempts * lastedMs) / (lastedMs - waitedMs));

  /** Who refused a request, be it one of the sidecars on its way or the app; undefined where nobody did. */
  const refuserOf = (row: number): Refuser | undefined => {
    const ending = endings[endingOf[row] as number];
    const last = requests.lastArrival[row] as number;
    const server = last < 0 ? undefined : evidence.endings[evidence.arrivals.ending[last] as number];
    if (server?.refusedBy === 'server') return 'server';
    if (ending?.refusedBy !== undefined) return ending.refusedBy;
    return ending?.outcome === 'error' && server?.answered ? 'app' : undefined;
  };

  /** By load, when apps had answered its requests, in the order of time. */
  const answeredMs = (): ReadonlyMap<number, readonly number[]> => {
    const { arrivals } = evidence;
    const byLoad = new Map<number, number[]>();
    for (let row = 0; row < arrivals.length; row += 1) {
      const request = arrivals.request[row] as number;
      const ending = evidence.endings[arrivals.ending[row] as number];
      if (request < 0 || ending?.outcome !== 'ok' || ending.fromCache) continue;
      const number = requests.load[request] as number;
      const overMs = (arrivals.startMs[row] as number) + (arrivals.durationMs[row] as number);
      const times = byLoad.get(number);
      if (times === undefined) byLoad.set(number, [overMs]);
      else times.push(overMs);
    }
    return new Map([...byLoad].map(([number, times]) => [number, times.toSorted((a, b) => a - b)]));
  };

  return {
    durationMs,
    faults,
    changes,
    windows,
    probes,
    count(window, filter = {}) {
      let count = 0;
      scan(
        window,
        endingsWhere(
          ({ outcome, status }) =>
            (filter.outcome === undefined || outcome === filter.outcome) &&
            (filter.status === undefined || status === filter.status),
        ),
        (row) => {
          if ((traffic.latencyMs[row] as number) < (filter.slowerThanMs ?? 0)) return;
          if (filter.refusedBy === undefined || refuserOf(row) === filter.refusedBy) count += 1;
        },
      );
      return count;
    },
    countInSlots(window, slotMs, filter = {}) {
      const slots = new Array<number>(Math.max(0, Math.floor((window.toMs - window.fromMs) / slotMs))).fill(
        0,
      );
      const wanted = endingsWhere(
        ({ outcome }) => filter.outcome === undefined || outcome === filter.outcome,
      );
      scan(window, wanted, (row) => {
        const slot = Math.floor(((whenMs[row] as number) - window.fromMs) / slotMs);
        if (slot < slots.length) slots[slot] = (slots[slot] as number) + 1;
      });
      return slots;
    },
    answered(window, names) {
      const among = indexes(names);
      const behind = behindApps(names);
      let all = 0;
      let by = 0;
      const tally = (ending: Traffic['endings'][number] | undefined) => {
        const { answeredBy = NO_HOST } = ending ?? {};
        if (answeredBy < 0 || (behind !== undefined && !behind.has(answeredBy))) return;
        all += 1;
        if (among.has(answeredBy)) by += 1;
      };
      if (behind === undefined) scan(window, every, (row) => tally(endings[endingOf[row] as number]));
      else scanCalls(window, (row) => tally(endings[calls.ending[row] as number]));
      return { all, by };
    },
    attempts(window, service, told = 'as-seen') {
      let count = 0;
      const tally = (ending: SettledEnding | undefined, { startMs, durationMs }: Times, row: number) => {
        if (ending === undefined || (service !== undefined && ending.service !== service)) return;
        const fromMs = startMs[row] as number;
        const toMs = fromMs + (durationMs[row] as number);
        const waitedMs = told === 'as-seen' ? 0 : evidence.saturation.during(fromMs, toMs);
        count +=
          waitedMs > 0 && isCutOff(ending) ? mightHaveBeen(ending, toMs - fromMs, waitedMs) : ending.attempts;
      };
      scan(window, every, (row) => tally(endings[endingOf[row] as number], requests, row));
      if (service !== undefined)
        scanCalls(window, (row) => tally(endings[calls.ending[row] as number], calls, row));
      return count;
    },
    originRequests(window, service) {
      const { arrivals } = evidence;
      let count = 0;
      for (let row = 0; row < arrivals.length; row += 1) {
        const request = arrivals.request[row] as number;
        if (request < 0 || (load !== undefined && requests.load[request] !== load.number)) continue;
        const isWanted =
          service === undefined
            ? arrivals.call[row] === DIRECT
            : instances[arrivals.instance[row] as number]?.service === service;
        const when = whenMs[request] as number;
        if (!isWanted || when < window.fromMs || when >= window.toMs) continue;
        const ending = evidence.endings[arrivals.ending[row] as number];
        if (ending?.fromCache !== true && ending?.refusedBy === undefined) count += 1;
      }
      return count;
    },
    cacheAges(window) {
      const kept = endingsWhere(({ fromCache }) => fromCache === true);
      if (!kept.includes(1)) return latenciesOf(new Float32Array(0));
      const answered = answeredMs();
      const ages: number[] = [];
      scan(window, kept, (row) => {
        const overMs = (requests.startMs[row] as number) + (requests.durationMs[row] as number);
        ages.push(sinceLast(answered.get(requests.load[row] as number) ?? [], overMs));
      });
      return latenciesOf(Float32Array.from(ages));
    },
    ended({ fromMs, toMs }, wanted) {
      const { startMs, durationMs } = evidence.requests;
      let count = 0;
      for (let row = 0; row < traffic.length; row += 1) {
        if (!isAsked(row)) continue;
        const overMs = (startMs[row] as number) + (durationMs[row] as number);
        if (overMs < fromMs || overMs >= toMs) continue;
        if (endings[endingOf[row] as number]?.outcome === wanted) count += 1;
      }
      return count;
    },
    latency(window, of, told = 'as-seen') {
      const wanted = endingsWhere(
        ({ outcome }) => of === 'all' || outcome === (of === 'shed' ? 'shed' : 'ok'),
      );
      let count = 0;
      scan(window, wanted, () => {
        count += 1;
      });
      const values = new Float32Array(count);
      let at = 0;
      scan(window, wanted, (row) => {
        const latencyMs = traffic.latencyMs[row] as number;
        const overMs =
          (evidence.requests.startMs[row] as number) + (evidence.requests.durationMs[row] as number);
        values[at] =
          told === 'as-seen' ? latencyMs : latencyMs - evidence.saturation.during(overMs - latencyMs, overMs);
        at += 1;
      });
      return latenciesOf(values);
    },
    metrics,
    addedLatency: (name, percentile) => addedLatency(evidence, durationMs, name, percentile),
    sidecarUse: (window, of) => sidecarUse(evidence, window, of),
    traces: (window, of) => traces.in(window, isAsked, of),
    instancesOf: (of) =>
      instances.filter((each) => isServer(each) && matches(each, of)).map(({ name }) => name),
    overflow(window) {
      let value = 0;
      let samples = 0;
      for (const series of statistics) {
        const found = increase(series.t, series.overflow, window);
        value += found.value;
        samples += found.samples;
      }
      // Connections that are passed on as bytes wait for none: a sidecar counts their refusals with what it only held up.
      const refused = endingsWhere(({ noRequest, reason }) => noRequest === 'bytes' && reason === 'overflow');
      scan(window, refused, () => {
        value += 1;
      });
      return { value, samples };
    },
    connections(window) {
      let opened = 0;
      let requests = 0;
      for (const series of statistics) {
        opened += increase(series.t, series.opened, window).value;
        requests += increase(series.t, series.completed, window).value;
      }
      return { opened, requests };
    },
    ejections(window, names) {
      const addresses = addressesOf(evidence, names);
      let value = 0;
      let samples = 0;
      for (const series of statistics) {
        samples += series.t.filter((t) => t >= window.fromMs && t < window.toMs).length;
        value += series.changes.filter(
          ({ t, address, ejected }) =>
            ejected && t >= window.fromMs && t < window.toMs && addresses.has(address),
        ).length;
      }
      return { value, samples };
    },
    firstEjected(fromMs, names, which) {
      if (names.length === 0) return undefined;
      const moments = statistics.flatMap((series) => {
        const at = firstEjectedAt(evidence, series, fromMs, names, which);
        return at === undefined ? [] : [at];
      });
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    firstSettled({
      fromMs,
      untilMs,
      holdMs,
      success,
      slowestMs = Number.POSITIVE_INFINITY,
      instances: names,
      share,
    }) {
      const among = indexes(names);
      const behind = behindApps(names);
      const steps = Math.max(0, Math.floor((untilMs - fromMs) / STEP_MS));
      const held = Math.ceil(holdMs / STEP_MS);
      // Running totals, so that any stretch is one subtraction.
      const all = new Int32Array(steps + 1);
      const ok = new Int32Array(steps + 1);
      const answered = new Int32Array(steps + 1);
      const theirs = new Int32Array(steps + 1);
      const span = { fromMs, toMs: fromMs + steps * STEP_MS };
      const stepAt = (when: number) => Math.min(steps, Math.floor((when - fromMs) / STEP_MS) + 1);
      const tally = (answeredBy: number, step: number) => {
        if (answeredBy >= 0) add(answered, step);
        if (among.has(answeredBy)) add(theirs, step);
      };
      scan(span, every, (row) => {
        const step = stepAt(whenMs[row] as number);
        const ending = endings[endingOf[row] as number];
        if (ending === undefined) return;
        add(all, step);
        if (ending.outcome === 'ok' && (latencyMs[row] as number) <= slowestMs) add(ok, step);
        if (behind === undefined) tally(ending.answeredBy, step);
      });
      if (behind !== undefined)
        scanCalls(span, (row, when) => {
          const { answeredBy = NO_HOST } = endings[calls.ending[row] as number] ?? {};
          if (behind.has(answeredBy)) tally(answeredBy, stepAt(when));
        });
      for (const totals of [all, ok, answered, theirs]) {
        for (let i = 1; i <= steps; i += 1) totals[i] = (totals[i] as number) + (totals[i - 1] as number);
      }
      for (let step = 0; step + held <= steps; step += 1) {
        const within = (totals: Int32Array) => (totals[step + held] as number) - (totals[step] as number);
        if (within(all) < HELD_REQUESTS || within(answered) === 0) continue;
        const theirShare = within(theirs) / within(answered);
        if (
          within(ok) / within(all) >= success &&
          theirShare >= (share.atLeast ?? 0) &&
          theirShare <= (share.atMost ?? 1)
        ) {
          return fromMs + step * STEP_MS;
        }
      }
      return undefined;
    },
  };
}

/** What sidecars told of the requests of all loads beside their logs. */
interface Told {
  readonly traces: Traces;
  readonly metrics: RunFacts['metrics'];
}

type Times = Pick<Evidence['requests'], 'startMs' | 'durationMs'>;

/** Whether a request's time was over before it could be tried as often as its route says. */
const isCutOff = ({ reason, clues }: SettledEnding) =>
  reason === 'client-gone' || (reason === 'timeout' && clues?.time === undefined);

/** Two sidecars on one clock, whose lines say when to the millisecond. */
const SAME_MOMENT_MS = 5;

/** Time from the last of some moments, in their order, to another one; none where all are later. */
function sinceLast(moments: readonly number[], atMs: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] as number) <= atMs + SAME_MOMENT_MS) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : Math.max(0, atMs - (moments[low - 1] as number));
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

function add(counts: Int32Array, at: number): void {
  counts[at] = (counts[at] as number) + 1;
}
