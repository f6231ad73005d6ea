import type { RunFacts } from '../checks/facts.ts';
import { loadOf } from '../checks/index.ts';
import { type Evidence, readEvidence, type SoFar } from '../evidence/evidence.ts';
import type { Mesh } from '../meshes/contract.ts';
import { describeHit } from '../model/fault.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { TrialPlan } from '../plan/contract.ts';
import type { Report } from '../report/model.ts';
import { metricsOf } from './facts/metrics.ts';
import { createFacts } from './facts/run-facts.ts';
import { Traces } from './facts/traces.ts';
import { proveFault } from './proofs/index.ts';
import { attribute, mergeAlike } from './reasons/attribution.ts';
import { withReasons } from './reasons/checks.ts';
import { Pictures } from './reasons/picture.ts';
import { applyRules } from './rules/index.ts';
import { measuresOf } from './shown/measures.ts';
import { notesOn } from './shown/notes.ts';
import { reportProbes } from './shown/probes.ts';
import { resourcesOf } from './shown/resources.ts';
import { seriesOf } from './shown/series.ts';
import { summaryOf } from './shown/summary.ts';
import { topologyOf } from './shown/topology.ts';
import { totalsByLoad, totalsOf } from './shown/totals.ts';
import { waterfallsOf } from './shown/waterfalls.ts';
import { recordChanges, reportChanges } from './traffic/change-records.ts';
import { type RecordedFault, recordFaults } from './traffic/fault-records.ts';
import { type LoadFacts, loadsOf } from './traffic/loads.ts';
import { phasesOf } from './traffic/phases.ts';
import { RefusedCertificates } from './traffic/refused-certificates.ts';
import { settleTraffic, type Traffic } from './traffic/traffic.ts';
import { windowsOf } from './traffic/windows.ts';
import { blindChecks } from './verdict/blind.ts';
import { impliedChecks } from './verdict/implied.ts';
import { judgeCheck } from './verdict/judge.ts';
import { ownChecks } from './verdict/own-checks.ts';
import { type JudgedProbe, judgeProbes, probeFacts } from './verdict/probes.ts';
import { starvedIn } from './verdict/starved.ts';
import { heldThoughLate, verdictOf, withdrawDoubtful } from './verdict/verdict.ts';

/** Everything in a report that follows from the plan of a trial and its evidence alone, and what searches ask beside it. */
export type Analysis = Pick<
  Report,
  | 'verdict'
  | 'summary'
  | 'traffic'
  | 'loads'
  | 'probes'
  | 'checks'
  | 'validity'
  | 'faults'
  | 'changes'
  | 'windows'
  | 'errors'
  | 'topology'
  | 'waterfalls'
  | 'traces'
  | 'series'
  | 'resources'
  | 'effective'
  | 'measures'
  | 'gaps'
  | 'notes'
> & {
  /** Whether every check held and nothing but lateness is in doubt: that can make checks fail, and none hold. */
  readonly heldThoughLate: boolean;
};

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
  /** The same after each change of the trial; none unless given. */
  readonly steps?: readonly (readonly MeshResource[])[];
  /** While the trial goes on: what is said then of its checks may change, and of its validity nothing is. */
  readonly soFar?: SoFar;
}): Promise<Analysis> {
  const { trial } = input;
  const evidence = await readEvidence(input.directory, input.mesh.telemetry, input.soFar);
  const endMs = endOfLoad(trial, evidence);
  const records = recordFaults(trial.faults, evidence.journal, evidence.originMs);
  const changes = recordChanges(trial.changes, evidence.journal, evidence.originMs, records);
  const windows = windowsOf(records, changes, trial.warmupMs, endMs);
  const refused = new RefusedCertificates(evidence, records);
  const traffic = settleTraffic(evidence, records, trial.warmupMs, refused);
  const traces = new Traces(evidence, traffic);
  const told = {
    traces,
    metrics: metricsOf(evidence, traffic, input.mesh.telemetry.metrics, trial.loads),
  };
  const loads = loadsOf(trial, input.topology, evidence, traffic);
  const probes = judgeProbes(trial.probes, evidence, refused);
  const starved = starvedIn(evidence, traffic, probes);
  const factsIn = (within: typeof windows, untilMs: number, load?: LoadFacts): RunFacts => {
    const make = (of: readonly JudgedProbe[], leftOut?: Uint8Array) =>
      createFacts(evidence, traffic, records, changes, within, untilMs, probeFacts(of), load, leftOut, told);
    const spared = starved && { ...make(starved.probes, starved.rows), spared: undefined };
    return { ...make(probes), spared };
  };
  const facts = factsIn(windows, endMs);
  const phases = phasesOf(traffic, windows);
  const faults = records.map((record) => faultOf(record, evidence, traffic, facts));
  const factsOf = factsByLoad(loads, facts, (load) => {
    const ownEndMs = Math.min(endMs, load.planned.durationMs || endMs);
    const own = windows.map((window) => ({ ...window, toMs: Math.min(window.toMs, ownEndMs) }));
    return factsIn(own, ownEndMs, load);
  });
  const judged = [
    ...trial.checks.map((check) => judgeCheck(check, factsOf(loadOf(check.check)))),
    ...impliedChecks(trial, facts),
    ...blindChecks(loads, input.topology, endMs),
  ];
  // Rules are about a whole run.
  const results =
    input.soFar === undefined
      ? applyRules({ trial, evidence, traffic, loads, facts, records, faults, checks: judged })
      : [];
  const byLoad = totalsByLoad(loads, traffic, factsOf);
  const pictures = new Pictures(evidence, input, changes);
  const { first: picture } = pictures;
  const errors = attribute(evidence, traffic, phases, pictures, trial.loads, records);
  const planned = withReasons(withdrawDoubtful(judged, results), judged, {
    evidence,
    facts,
    factsOf,
    traces,
    trial,
    pictures,
    probes,
    loads: trial.loads,
    changes: trial.changes,
    records,
    errors,
  });
  const checks = [...planned, ...ownChecks(loads, endMs)];
  const answered = reportProbes(probes, evidence, pictures, records);
  const resources = resourcesOf(evidence);
  const said = {
    verdict: verdictOf(results, checks),
    traffic: totalsOf(evidence, traffic, facts),
    checks,
    validity: results.map(({ finding }) => finding),
    faults,
    errors: mergeAlike(errors),
    ...(changes.length === 0 ? {} : { changes: reportChanges(changes, evidence, traffic) }),
  };
  return {
    ...said,
    heldThoughLate: heldThoughLate(results, checks),
    ...(answered === undefined ? {} : { probes: answered }),
    ...(byLoad === undefined ? {} : { loads: byLoad }),
    summary: summaryOf(said),
    windows: windows.map((window) => ({ ...window })),
    topology: topologyOf(evidence, traffic, phases),
    ...(input.soFar === undefined ? { waterfalls: waterfallsOf(evidence, traffic, traces, trial) } : {}),
    ...tracesIn(facts, trial, input.topology),
    series: seriesOf(evidence, traffic, endMs),
    resources,
    measures: measuresOf(facts, trial.warmupMs, checks, resources),
    gaps: evidence.context.gaps.map(({ what, fromMs, toMs }) => ({
      what,
      fromMs: fromMs - evidence.originMs,
      toMs: toMs - evidence.originMs,
    })),
    notes: notesOn(evidence, traffic, loads, facts, picture),
    effective: picture.tables(),
  };
}

/** What came of all traces after the warmup, where sidecars are asked for any. */
function tracesIn(
  facts: RunFacts,
  { warmupMs }: TrialPlan,
  { tracing }: TopologyPlan,
): Pick<Analysis, 'traces'> {
  if (tracing === undefined) return {};
  const whole = { name: 'run', fromMs: warmupMs, toMs: facts.durationMs } as const;
  const { sampled, whole: complete } = facts.traces(whole, 'all');
  return {
    traces: { provider: tracing.provider, requests: facts.count(whole), sampled, whole: complete },
  };
}

/** The facts of a load by its name, each made once; those of all loads for a check that names none. */
function factsByLoad(loads: readonly LoadFacts[], ofAll: RunFacts, make: (load: LoadFacts) => RunFacts) {
  const made = new Map<string, RunFacts>();
  return (name: string | undefined): RunFacts => {
    const load = loads.find(({ planned }) => planned.name === name);
    if (load === undefined || loads.length === 1) return ofAll;
    const facts = made.get(load.planned.name) ?? make(load);
    made.set(load.planned.name, facts);
    return facts;
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
