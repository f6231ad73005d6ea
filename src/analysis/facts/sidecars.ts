import type { RunFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { type InstanceSelector, matches } from '../../model/topology.ts';
import type { Span } from '../proofs/contract.ts';

/** What sidecars used of processors and memory, and what they did for it. */
export function sidecarUse(
  { context, processes, requests, arrivals, calls }: Evidence,
  { fromMs, toMs }: Span,
  of: InstanceSelector = {},
): ReturnType<RunFacts['sidecarUse']> {
  const own = context.instances.flatMap((instance, index) => {
    const series = processes.get(`${instance.name}/sidecar`);
    const inside = series?.t.flatMap((t, at) => (t >= fromMs && t <= toMs ? [at] : [])) ?? [];
    const [first, last] = [inside[0], inside.at(-1)];
    if (!matches(instance, of) || series === undefined || first === undefined || last === undefined)
      return [];
    return [{ index, series, inside, first, last }];
  });
  let cpuMs = 0;
  let handled = 0;
  let mostRssBytes: number | undefined;
  for (const { index, series, inside, first, last } of own) {
    cpuMs += Math.max(0, (series.cpuMs[last] ?? 0) - (series.cpuMs[first] ?? 0));
    mostRssBytes = Math.max(mostRssBytes ?? 0, ...inside.map((at) => series.rssBytes[at] ?? 0));
    // Usage is read once a second: what counts is what passed between two readings.
    const [from, to] = [series.t[first] ?? 0, series.t[last] ?? 0];
    for (const [{ length }, instance, startMs] of [
      [requests, requests.client, requests.startMs],
      [arrivals, arrivals.instance, arrivals.startMs],
      [calls, calls.caller, calls.startMs],
    ] as const) {
      for (let row = 0; row < length; row += 1) {
        const at = startMs[row] as number;
        if (instance[row] === index && at >= from && at < to) handled += 1;
      }
    }
  }
  const samples = Math.min(...own.map(({ inside }) => inside.length), Number.MAX_SAFE_INTEGER);
  return { cpuMs, requests: handled, mostRssBytes, samples: own.length === 0 ? 0 : samples };
}

/** What k6 says of a load and of the same requests past the mesh. */
export function addedLatency(
  { loads, direct, saturation }: Pick<Evidence, 'loads' | 'direct' | 'saturation'>,
  durationMs: number,
  name: string | undefined,
  percentile: 50 | 95,
): ReturnType<RunFacts['addedLatency']> {
  const past = direct.find((each) => name === undefined || each.name === name);
  const own = loads.find((each) => each.name === past?.name);
  const [withMs, withoutMs] = [own, past].map((each) => each?.latencyMs[`p${percentile}`]);
  if (own === undefined || past === undefined || withMs === undefined || withoutMs === undefined)
    return undefined;
  const { p50 = 0, p95 = 0 } = past.latencyMs;
  return {
    withMs,
    withoutMs,
    spreadMs: p95 - p50,
    starved: durationMs > 0 ? saturation.during(0, durationMs) / durationMs : 0,
    samples: Math.min(own.requests, past.requests),
  };
}
