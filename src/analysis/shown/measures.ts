import type { RunFacts } from '../../checks/facts.ts';
import { neededForPercentile } from '../../checks/index.ts';
import { type MeasureName, measureNames } from '../../model/measures.ts';
import type { Report, ReportCheck } from '../../report/model.ts';

const percentiles = { p50: 50, p95: 95, p99: 99, 'p99.9': 99.9 } as const satisfies Partial<
  Record<MeasureName, number>
>;

/**
 * What comparisons compare of a run, by name: one number each of all requests after the warmup. What cannot be told
 * is left out: a percentile of too few requests, a ratio to none.
 */
export function measuresOf(
  facts: RunFacts,
  warmupMs: number,
  checks: readonly ReportCheck[],
  { programs }: Report['resources'],
): NonNullable<Report['measures']> {
  const window = { name: 'run', fromMs: warmupMs, toMs: facts.durationMs } as const;
  const all = facts.count(window);
  const ok = facts.count(window, { outcome: 'ok' });
  const { opened, requests } = facts.connections(window);
  const latencies = facts.latency(window, 'successful');
  const sidecars = Object.entries(programs).filter(([name]) => name.endsWith('/sidecar'));
  const sum = (of: (program: Report['resources']['programs'][string]) => number) =>
    sidecars.reduce((total, [, program]) => total + of(program), 0);
  const sent = facts.count({ name: 'run', fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY });
  const told: Partial<Record<MeasureName, number | undefined>> = {
    ...Object.fromEntries(
      Object.entries(percentiles)
        .filter(([, percentile]) => latencies.count >= neededForPercentile(percentile))
        .map(([name, percentile]) => [name, latencies.percentile(percentile)]),
    ),
    goodput:
      window.toMs > window.fromMs
        ? facts.ended(window, 'ok') / ((window.toMs - window.fromMs) / 1_000)
        : undefined,
    errors: all > 0 ? (all - ok) / all : undefined,
    attempts: all > 0 ? facts.attempts(window) / all : undefined,
    connections: requests > 0 ? (1_000 * opened) / requests : undefined,
    // Milliseconds for one request are processors kept busy by 1,000 of them a second.
    cpu: sent > 0 && sidecars.length > 0 ? sum(({ cpuMs }) => cpuMs) / sent : undefined,
    memory: sidecars.length > 0 ? sum(({ maxRssBytes }) => maxRssBytes) : undefined,
    'failed-checks': checks.filter(({ status }) => status === 'fail').length,
  };
  return Object.fromEntries(
    [...Object.entries(told), ...times(checks)].flatMap(([name, value]) =>
      value === undefined || !Number.isFinite(value) ? [] : [[name, Number(value.toPrecision(9))]],
    ),
  );
}

/** How long the mesh took for what each check waits for; what never came took at least as long as it was waited for. */
function times(checks: readonly ReportCheck[]): [string, number][] {
  const timed = checks.filter(
    ({ kind, status }) =>
      kind.startsWith('time-to-') && measureNames.some((name) => name === kind) && status !== 'invalid',
  );
  return timed.map(({ kind, name, value, window }) => {
    const alone = timed.filter((other) => other.kind === kind).length === 1;
    return [alone ? kind : `${kind}: ${name}`, value ?? window.toMs - window.fromMs];
  });
}
