import { fingerprint } from '../kit/fingerprint.ts';
import type { Report } from '../report/model.ts';
import { RECORD_SCHEMA, type RunRecord } from './model.ts';

/** Windows of a run's steady state: enough to see how restless it was, and long enough to have requests. */
const mostWindows = 10;

/** What is kept of a run; undefined where it proves nothing or has no measures. */
export function recordOf(
  report: Report,
  machine: RunRecord['machine'],
  commit?: string,
): RunRecord | undefined {
  const { run, scenario, verdict, measures, interrupted } = report;
  if (verdict === 'invalid' || interrupted || measures === undefined) return undefined;
  return {
    schema: RECORD_SCHEMA,
    run: run.id,
    at: run.startedAt,
    verdict,
    scenario: {
      name: scenario.name,
      ...(scenario.profile === undefined ? {} : { profile: scenario.profile }),
      fingerprint: experimentOf(report),
    },
    environment: run.environment,
    measures,
    spread: spreadOf(report),
    machine,
    versions: { breakwater: run.breakwater, mesh: run.mesh, ...run.programs },
    ...(run.seed === undefined ? {} : { seed: run.seed }),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** The same for runs of one experiment, whatever their mesh configuration was: that is what they are to tell of. */
function experimentOf({ scenario, topology, faults, changes = [], checks }: Report): string {
  return fingerprint(
    JSON.stringify([
      scenario.name,
      scenario.load,
      topology.clients.map(({ name, zone }) => [name, zone]),
      topology.instances.map(({ name, service, zone }) => [name, service, zone]),
      faults.map(({ kind, targets, description, plannedAtMs, plannedForMs }) => [
        kind,
        targets,
        description,
        plannedAtMs,
        plannedForMs,
      ]),
      changes.map(({ name, plannedAtMs }) => [name, plannedAtMs]),
      checks.map(({ kind, name }) => [kind, name]),
    ]),
  );
}

/** Percentiles of a window are of its requests; those of several windows are never averaged, but their ends are told. */
function spreadOf({ series, windows }: Report): RunRecord['spread'] {
  const steady = windows.find(({ name }) => name === 'steady') ?? windows[0];
  if (steady === undefined) return {};
  const from = Math.ceil(steady.fromMs / series.stepMs);
  const to = Math.min(series.steps, Math.floor(steady.toMs / series.stepMs));
  const width = Math.max(1, Math.ceil((to - from) / mostWindows));
  const sum = (values: readonly number[] | undefined, at: number) =>
    (values ?? []).slice(at, at + width).reduce((total, value) => total + value, 0);
  const goodput: number[] = [];
  const errors: number[] = [];
  for (let at = from; at + width <= to; at += width) {
    const ok = sum(series.outcomes['ok'], at);
    const all = Object.values(series.outcomes).reduce((total, values) => total + sum(values, at), 0);
    goodput.push(ok / ((width * series.stepMs) / 1_000));
    if (all > 0) errors.push((all - ok) / all);
  }
  const steps = (values: readonly (number | null)[]) =>
    values.slice(from, to).filter((value) => value !== null);
  const { p50, p95, p99 } = series.latencyMs;
  return Object.fromEntries(
    Object.entries({ p50: steps(p50), p95: steps(p95), p99: steps(p99), goodput, errors })
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [
        name,
        { low: Math.min(...values), high: Math.max(...values), windows: values.length },
      ]),
  );
}
