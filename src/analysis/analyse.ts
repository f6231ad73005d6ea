import type { RunFacts } from '../checks/facts.ts';
import { type Evidence, readEvidence } from '../evidence/evidence.ts';
import type { Mesh } from '../meshes/contract.ts';
import { outcomes } from '../model/evidence.ts';
import { describeHit } from '../model/fault.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { TrialPlan } from '../plan/contract.ts';
import type { Report } from '../report/model.ts';
import { attribute } from './attribution.ts';
import { type RecordedFault, recordFaults } from './fault-records.ts';
import { impliedChecks } from './implied.ts';
import { judgeCheck } from './judge.ts';
import { loadsOf } from './loads.ts';
import { notesOn } from './notes.ts';
import { phasesOf } from './phases.ts';
import { Picture } from './picture.ts';
import { proveFault } from './proofs/index.ts';
import { withReasons } from './reasons.ts';
import { resourcesOf } from './resources.ts';
import { applyRules } from './rules/index.ts';
import { createFacts } from './run-facts.ts';
import { seriesOf } from './series.ts';
import { summaryOf } from './summary.ts';
import { topologyOf } from './topology.ts';
import { settleTraffic, type Traffic } from './traffic.ts';
import { verdictOf, withdrawDoubtful } from './verdict.ts';
import { windowsOf } from './windows.ts';

/** Everything in a report that follows from the plan of a trial and its evidence alone. */
export type Analysis = Pick<
  Report,
  | 'verdict'
  | 'summary'
  | 'traffic'
  | 'checks'
  | 'validity'
  | 'faults'
  | 'windows'
  | 'errors'
  | 'topology'
  | 'series'
  | 'resources'
  | 'effective'
  | 'gaps'
  | 'notes'
>;

/** Turns `reports/<run id>/evidence/` into findings. Reads files, changes nothing. */
export async function analyse(input: {
  readonly trial: TrialPlan;
  /** The evidence directory. */
  readonly directory: string;
  /** The mesh that the trial was made on: it reads its own telemetry, and what its sidecars held. */
  readonly mesh: Pick<Mesh, 'telemetry' | 'effective' | 'serviceHost'>;
  readonly topology: TopologyPlan;
  /** The mesh configuration under test. */
  readonly resources: readonly MeshResource[];
}): Promise<Analysis> {
  const { trial } = input;
  const evidence = await readEvidence(input.directory, input.mesh.telemetry);
  const endMs = endOfLoad(trial, evidence);
  const records = recordFaults(trial.faults, evidence.journal, evidence.originMs);
  const windows = windowsOf(records, trial.warmupMs, endMs);
  const traffic = settleTraffic(evidence, records, trial.warmupMs);
  const loads = loadsOf(trial, evidence, traffic);
  const facts = createFacts(evidence, traffic, records, windows, endMs);
  const phases = phasesOf(traffic, windows);
  const faults = records.map((record) => faultOf(record, evidence, traffic, facts));
  const written = trial.checks.map((check) => judgeCheck(check, facts));
  const judged = [...written, ...impliedChecks(trial, facts, written)];
  const results = applyRules({ trial, evidence, traffic, loads, facts, records, faults, checks: judged });
  const picture = new Picture(evidence, input.mesh, input.topology, input.resources);
  const errors = attribute(evidence, traffic, phases, picture, trial.loads);
  const checks = withReasons(withdrawDoubtful(judged, results), judged, {
    evidence,
    picture,
    loads: trial.loads,
    records,
    errors,
  });
  const told = {
    verdict: verdictOf(results, checks),
    traffic: totals(evidence, traffic, facts),
    checks,
    validity: results.map(({ finding }) => finding),
    faults,
    errors: errors.map(({ group }) => group),
  };
  return {
    ...told,
    summary: summaryOf(told),
    windows: windows.map((window) => ({ ...window })),
    topology: topologyOf(evidence, traffic, phases),
    series: seriesOf(evidence, traffic, endMs),
    resources: resourcesOf(evidence),
    gaps: evidence.context.gaps.map(({ what, fromMs, toMs }) => ({
      what,
      fromMs: fromMs - evidence.originMs,
      toMs: toMs - evidence.originMs,
    })),
    notes: notesOn(evidence, traffic, loads, facts, picture),
    effective: picture.tables(),
  };
}

/** The plan's end, or when the load really ended if that was earlier (or the plan does not know). */
function endOfLoad({ durationMs }: TrialPlan, evidence: Evidence): number {
  const lastMs = evidence.requests.startMs
    .subarray(0, evidence.requests.length)
    .reduce((latest, at) => Math.max(latest, at), 0);
  const endedMs = evidence.loadEndedMs ?? lastMs;
  return durationMs > 0 ? Math.min(durationMs, endedMs) : endedMs;
}

function faultOf(
  record: RecordedFault,
  evidence: Evidence,
  traffic: Traffic,
  facts: RunFacts,
): Report['faults'][number] {
  // The warmup tells as much about a target as what follows it.
  const steady = { fromMs: 0, toMs: facts.windows.find(({ name }) => name === 'steady')?.toMs ?? 0 };
  return {
    name: record.name,
    kind: record.kind,
    description: record.description,
    targets: [...describeHit(record.planned)],
    plannedAtMs: record.plannedAtMs,
    plannedForMs: record.plannedForMs,
    ...(record.injectedAtMs === undefined ? {} : { injectedAtMs: record.injectedAtMs }),
    ...(record.revertedAtMs === undefined ? {} : { revertedAtMs: record.revertedAtMs }),
    efficacy: proveFault(record, evidence, traffic, steady, facts.durationMs),
  };
}

function totals(evidence: Evidence, traffic: Traffic, facts: RunFacts): Report['traffic'] {
  const counts = { ok: 0, shed: 0, error: 0, unanswered: 0 };
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (ending) counts[outcomes[ending.outcomeIndex] ?? 'unanswered'] += 1;
  }
  const everything = {
    name: 'run',
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
  } as const;
  const latencies = facts.latency(everything, 'all');
  const latencyMs: Record<string, number> = {};
  for (const [name, percentile] of [
    ['p50', 50],
    ['p90', 90],
    ['p95', 95],
    ['p99', 99],
    ['max', 100],
  ] as const) {
    const value = latencies.percentile(percentile);
    if (value !== undefined) latencyMs[name] = Math.round(value * 1_000) / 1_000;
  }
  return {
    requests: traffic.length,
    ...counts,
    attempts: traffic.length + evidence.requests.retries,
    latencyMs,
    // Percentiles of several loads cannot be merged.
    generatorLatencyMs: (evidence.loads.length === 1 && evidence.loads[0]?.latencyMs) || {},
  };
}
