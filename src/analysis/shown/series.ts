import type { Evidence } from '../../evidence/evidence.ts';
import type { ProcessSeries, StatisticsSeries } from '../../evidence/samples.ts';
import { percentileOf } from '../../kit/percentile.ts';
import { release } from '../../kit/release.ts';
import { outcomes } from '../../model/evidence.ts';
import { isClient } from '../../model/topology.ts';
import type { Report } from '../../report/model.ts';
import { cores, increase } from '../facts/statistics.ts';
import type { Traffic } from '../traffic/traffic.ts';

type Series = Report['series'];

const FINEST_STEP_MS = 500;
const MOST_STEPS = 600;

/** Everything over time, in steps of half a second or as wide as keeps it to 600 of them. */
export function seriesOf(evidence: Evidence, traffic: Traffic, durationMs: number): Series {
  const stepMs = Math.max(1, Math.ceil(durationMs / MOST_STEPS / FINEST_STEP_MS)) * FINEST_STEP_MS;
  const steps = Math.max(1, Math.ceil(durationMs / stepMs));
  const { instances } = evidence.context;
  const zeros = () => new Array<number>(steps).fill(0);
  const byOutcome = outcomes.map(zeros);
  const byInstance = instances.map(zeros);
  /** What apps called onward: it is no request of a load, and in no total of theirs. */
  const byOnward = instances.map(zeros);

  // Latencies sorted by step into one array: each step's share of it is a slice.
  const begins = new Int32Array(steps + 1);
  const stepOf = (row: number) => Math.floor((traffic.dueMs[row] as number) / stepMs);
  for (let row = 0; row < traffic.length; row += 1) {
    const step = stepOf(row);
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (step < 0 || step >= steps || ending === undefined) continue;
    begins[step + 1] = (begins[step + 1] as number) + 1;
    bump(byOutcome[ending.outcomeIndex], step);
    if (ending.answeredBy >= 0) bump(byInstance[ending.answeredBy], step);
  }
  for (let step = 0; step < steps; step += 1) {
    begins[step + 1] = (begins[step + 1] as number) + (begins[step] as number);
  }
  const { calls } = evidence;
  for (let row = 0; row < calls.length; row += 1) {
    const step = Math.floor((calls.startMs[row] as number) / stepMs);
    const { answeredBy = -1 } = traffic.endings[calls.ending[row] as number] ?? {};
    if (step >= 0 && step < steps && answeredBy >= 0) bump(byOnward[answeredBy], step);
  }
  const next = begins.slice();
  const latencies = new Float32Array(begins[steps] as number);
  for (let row = 0; row < traffic.length; row += 1) {
    const step = stepOf(row);
    if (step < 0 || step >= steps) continue;
    latencies[next[step] as number] = traffic.latencyMs[row] as number;
    next[step] = (next[step] as number) + 1;
  }
  const sorted = Array.from({ length: steps }, (_, step) =>
    latencies.subarray(begins[step], begins[step + 1]).sort(),
  );
  const percentile = (p: number) => sorted.map((values) => round(percentileOf(values, p)));
  const latencyMs = { p50: percentile(50), p95: percentile(95), p99: percentile(99) };
  release(latencies);

  const spans = Array.from({ length: steps }, (_, step) => ({
    fromMs: step * stepMs,
    toMs: (step + 1) * stepMs,
  }));
  const servers = instances.flatMap((instance, index) => (isClient(instance) ? [] : [{ instance, index }]));
  const zones: Record<string, number[]> = {};
  for (const { instance, index } of servers) {
    const total = zones[instance.locality] ?? zeros();
    zones[instance.locality] = total;
    for (const [step, count] of (byInstance[index] ?? []).entries()) total[step] = (total[step] ?? 0) + count;
  }
  return {
    stepMs,
    steps,
    outcomes: Object.fromEntries(outcomes.map((outcome, index) => [outcome, byOutcome[index] ?? []])),
    latencyMs,
    zones,
    instances: Object.fromEntries(
      servers.map(({ instance, index }) => [
        instance.name,
        (byInstance[index] ?? []).map((count, step) => count + (byOnward[index]?.[step] ?? 0)),
      ]),
    ),
    ejected: Object.fromEntries(
      servers.map(({ instance }) => [
        instance.name,
        ejectedSteps(evidence.statistics, instance.addresses, spans),
      ]),
    ),
    overflow: spans.map((span) =>
      sumOf(evidence.statistics, (series) => {
        const { value, samples } = increase(series.t, series.overflow, span);
        return samples === 0 ? null : value;
      }),
    ),
    connections: gauge(evidence.statistics, 'connections', spans),
    pending: gauge(evidence.statistics, 'pending', spans),
    cpu: Object.fromEntries(
      [...evidence.processes.values()].map((process) => [process.name, cpuSteps(process, spans)]),
    ),
  };
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

function bump(counts: number[] | undefined, at: number): void {
  if (counts) counts[at] = (counts[at] ?? 0) + 1;
}

const round = (value: number | undefined) => (value === undefined ? null : Math.round(value * 100) / 100);

/** The sum over all series; null when none has anything in this step. */
function sumOf(
  all: readonly StatisticsSeries[],
  read: (series: StatisticsSeries) => number | null,
): number | null {
  return all.reduce<number | null>((sum, series) => {
    const value = read(series);
    return value === null ? sum : (sum ?? 0) + value;
  }, null);
}

function gauge(
  all: readonly StatisticsSeries[],
  name: 'connections' | 'pending',
  spans: readonly Span[],
): (number | null)[] {
  return spans.map((span) =>
    sumOf(all, (series) => {
      const index = lastBefore(series.t, span.toMs);
      const at = series.t[index];
      return at === undefined || at < span.fromMs ? null : (series[name][index] ?? null);
    }),
  );
}

/** 1 in steps in which some client had the instance ejected, null where nobody looked. */
function ejectedSteps(
  all: readonly StatisticsSeries[],
  addresses: readonly string[],
  spans: readonly Span[],
): (number | null)[] {
  return spans.map(({ fromMs, toMs }) => {
    const watching = all.filter((series) => (series.t[lastBefore(series.t, toMs)] ?? -1) >= fromMs);
    if (watching.length === 0) return null;
    const out = watching.some((series) => {
      const ejected = new Set<string>();
      for (const change of series.changes) {
        if (change.t >= toMs) break;
        if (!addresses.includes(change.address)) continue;
        if (change.ejected) ejected.add(change.address);
        else if (change.t <= fromMs) ejected.delete(change.address);
      }
      return ejected.size > 0;
    });
    return out ? 1 : 0;
  });
}

/** Cores used in each step, from the samples around it; null where the program was not seen. */
function cpuSteps(process: ProcessSeries, spans: readonly Span[]): (number | null)[] {
  return spans.map(({ fromMs, toMs }) => {
    const first = Math.max(0, lastBefore(process.t, fromMs));
    const last = lastBefore(process.t, toMs);
    if (last <= first || (process.t[last] ?? -1) < fromMs) return null;
    return cores(process, first, last);
  });
}

/** Index of the last time before `untilMs`; -1 when there is none. Times rise. */
function lastBefore(t: readonly number[], untilMs: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) < untilMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
