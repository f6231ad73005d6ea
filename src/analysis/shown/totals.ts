import type { RunFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { describeLoad } from '../../load/shapes/index.ts';
import { outcomes } from '../../model/evidence.ts';
import type { Report } from '../../report/model.ts';
import type { LoadFacts } from '../traffic/loads.ts';
import { countEndings, type Traffic } from '../traffic/traffic.ts';

const everything = {
  name: 'run',
  fromMs: Number.NEGATIVE_INFINITY,
  toMs: Number.POSITIVE_INFINITY,
} as const;

const percentiles = { p50: 50, p90: 90, p95: 95, p99: 99, max: 100 } as const;

/** How all requests of a run ended, and how long they took. */
export function totalsOf(evidence: Evidence, traffic: Traffic, facts: RunFacts): Report['traffic'] {
  return {
    requests: traffic.length,
    ...outcomesOf(countEndings(traffic), traffic),
    attempts: traffic.length + evidence.requests.retries,
    latencyMs: latenciesOf(facts),
    // Percentiles of several loads cannot be merged.
    generatorLatencyMs: (evidence.loads.length === 1 && evidence.loads[0]?.latencyMs) || {},
  };
}

/** The same of each load by itself, where there are several. */
export function totalsByLoad(
  loads: readonly LoadFacts[],
  traffic: Traffic,
  factsOf: (name: string) => RunFacts,
): Report['loads'] {
  if (loads.length < 2) return undefined;
  return loads.map((load) => ({
    name: load.planned.name,
    description: describeLoad(load.planned),
    requests: load.requests,
    ...outcomesOf(load.endings(), traffic),
    latencyMs: latenciesOf(factsOf(load.planned.name)),
  }));
}

function outcomesOf(endings: Uint32Array, traffic: Traffic) {
  const counts = { ok: 0, shed: 0, error: 0, unanswered: 0 };
  for (const [number, count] of endings.entries()) {
    counts[outcomes[traffic.endings[number]?.outcomeIndex ?? -1] ?? 'unanswered'] += count;
  }
  return counts;
}

function latenciesOf(facts: RunFacts): Record<string, number> {
  const latencies = facts.latency(everything, 'all');
  return Object.fromEntries(
    Object.entries(percentiles).flatMap(([name, percentile]) => {
      const value = latencies.percentile(percentile);
      return value === undefined ? [] : [[name, Math.round(value * 1_000) / 1_000]];
    }),
  );
}
