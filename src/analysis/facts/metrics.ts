import type { MetricsFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { PlannedLoad } from '../../load/planned.ts';
import type { MeshMetrics } from '../../meshes/contract.ts';
import type { ServiceMetrics } from '../../model/metrics.ts';
import { countEndings, type Traffic } from '../traffic/traffic.ts';

/** Two clocks see the same answer that far apart: the sidecar's histogram begins when the request was in. */
const CLOCKS_MS = 2;

/**
 * What the metrics of clients' sidecars counted from before the loads until after them, held against what k6 got and,
 * for what k6 cannot know, what was logged. Undefined where nobody has read them.
 */
export function metricsOf(
  evidence: Evidence,
  traffic: Traffic,
  metrics: MeshMetrics,
  loads: readonly Pick<PlannedLoad, 'from' | 'to'>[],
): MetricsFacts | undefined {
  const clients = Object.keys(evidence.metrics);
  if (clients.length === 0) return undefined;
  const serviceOf = new Map(evidence.context.instances.map(({ name, service }) => [name, service]));
  // Whoever sends probes alone is a client, too.
  const told = clients
    .flatMap((name) => grown(evidence.metrics[name], name, metrics))
    .filter(({ instance, service }) =>
      loads.some(({ from, to }) => from === serviceOf.get(instance) && to === service),
    );
  const sum = (of: (each: ServiceMetrics) => number | undefined) =>
    told.reduce((total, each) => total + (of(each) ?? 0), 0);
  const answered: Record<string, number> = {};
  for (const { answers } of evidence.loads) {
    for (const [name, count] of Object.entries(answers)) answered[name] = (answered[name] ?? 0) + count;
  }
  const { none: silent = 0, ...classes } = answered;
  const names = [
    ...new Set([...Object.keys(classes), ...told.flatMap(({ answers }) => Object.keys(answers))]),
  ]
    .filter((name) => name !== 'none')
    .toSorted();
  const counts = countEndings(traffic);
  const logged = (reason: 'overflow' | 'timeout') =>
    traffic.endings.reduce((total, ending, number) => {
      const isOwn = ending.reason === reason && ending.refusedBy !== 'server';
      return total + (isOwn && !ending.fromHost ? (counts[number] ?? 0) : 0);
    }, 0);
  return {
    silent,
    answers: names.map((name) => ({
      name,
      told: sum(({ answers }) => answers[name]),
      seen: classes[name] ?? 0,
    })),
    refused: [
      { name: 'overflow', told: sum(({ overflow }) => overflow), seen: logged('overflow') },
      { name: 'timeouts', told: sum(({ timeouts }) => timeouts), seen: logged('timeout') },
    ],
    latency: latencyOf(told, evidence, traffic),
  };
}

/** What has come to the counters of one sidecar between two readings. */
function grown(
  said: Evidence['metrics'][string] | undefined,
  instance: string,
  metrics: MeshMetrics,
): readonly ServiceMetrics[] {
  if (said === undefined) return [];
  const before = metrics.read(instance, said.before);
  return metrics.read(instance, said.after).map((after) => {
    const first = before.find(({ service }) => service === after.service);
    const since = (value: number | undefined, of: number | undefined) =>
      value === undefined ? undefined : value - (of ?? 0);
    return {
      ...after,
      answers: Object.fromEntries(
        Object.entries(after.answers).map(([name, count]) => [name, count - (first?.answers[name] ?? 0)]),
      ),
      overflow: since(after.overflow, first?.overflow),
      timeouts: since(after.timeouts, first?.timeouts),
      latency: after.latency.map(({ atMostMs, count }) => ({
        atMostMs,
        count: count - (first?.latency.find((each) => each.atMostMs === atMostMs)?.count ?? 0),
      })),
    };
  });
}

/** By each bound of the histogram: how many answers it has up to there, and between which numbers of them clients had. */
function latencyOf(
  told: readonly ServiceMetrics[],
  { requests }: Evidence,
  { length, endings, endingOf }: Traffic,
): MetricsFacts['latency'] {
  const seen: number[] = [];
  for (let row = 0; row < length; row += 1) {
    // What a sidecar answers itself took no host any time.
    if (endings[endingOf[row] as number]?.fromHost) seen.push(requests.durationMs[row] as number);
  }
  const bounds = new Map<number, number>();
  for (const { atMostMs, count } of told.flatMap(({ latency }) => latency))
    bounds.set(atMostMs, (bounds.get(atMostMs) ?? 0) + count);
  const upTo = (ms: number) => seen.reduce((count, each) => count + +(each <= ms), 0);
  return {
    seen: seen.length,
    told: bounds.get(Number.POSITIVE_INFINITY) ?? 0,
    bounds: [...bounds]
      .filter(([bound]) => Number.isFinite(bound))
      .map(([atMostMs, count]) => ({
        atMostMs,
        told: count,
        least: upTo(atMostMs - CLOCKS_MS),
        most: upTo(atMostMs + CLOCKS_MS),
      })),
  };
}
