import type { Analysis } from '../analysis/analyse.ts';
import { type Check, checkSchema, neededForPercentile } from '../checks/index.ts';
import { type Evidence, readEvidence } from '../evidence/evidence.ts';
import { type Fault, faultKind } from '../faults/index.ts';
import { formatMs, formatPercent } from '../kit/format.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { Instance } from '../model/topology.ts';
import type { PlannedCheck, PlannedFault, TrialPlan } from '../plan/contract.ts';
import type { Ask, ConnectionCost, Measured, Question } from './contract.ts';
import { type Objective, tightest } from './objective.ts';

/** What is left out of a trial's start: pools are cold then. */
const WARMUP_MS = 1_000;
/** A trial counts for at least so long, and for as long as its percentiles need at the nominal rate. */
const LEAST_COUNTED_MS = 2_500;
/** More answers than a percentile needs: not every one that is due in the window counts in it. */
const SPARE_ANSWERS = 1.15;
/** Requests that a trial needs to prove anything, with some to spare. */
const LEAST_REQUESTS = 110;
/** Virtual users for answers that take so long, whatever the scenario's own load says. */
const LEAST_LATENCY_MS = 2_000;
/** Servers that take so many times as long as before were held up. */
const SLOWER = 1.05;
/** A replica that restarts is away for so long. */
const AWAY_MS = 1_000;
/** Before the first one goes there is a steady state to disturb: so long, and so many requests. */
const LEAST_STEADY_MS = 1_500;
const STEADY_REQUESTS = 30;
/** Refusals are quick when nine of ten take less than this share of what an answer may take. */
const QUICK_SHARE = 0.5;
const QUICK_PERCENTILE = 90;

/** How long a trial of this objective takes at a rate, load alone, and at least as long as its environment needs. */
export function trialMs(objective: Objective, ratePerSecond: number, leastMs = 0): number {
  const answers = Math.max(...objective.latencies.map(({ percentile }) => neededForPercentile(percentile)));
  const countedMs = (1_000 * answers * SPARE_ANSWERS) / ratePerSecond;
  const requestsMs = (1_000 * LEAST_REQUESTS) / ratePerSecond;
  const loadMs = WARMUP_MS + Math.max(LEAST_COUNTED_MS, countedMs);
  return Math.ceil(Math.max(leastMs, loadMs, requestsMs) / 100) * 100;
}

/** The plan of one trial: the scenario's load at the rate that is asked for, and the objective as its checks. */
export function trialPlan(
  load: PlannedLoad,
  ask: Ask,
  { objective, rate: nominal, trialMs: durationMs }: Question,
  configuration: TrialPlan['configuration'],
): TrialPlan {
  const mostMs = Math.max(LEAST_LATENCY_MS, 4 * tightest(objective).atMostMs);
  return {
    configuration,
    loads: [
      {
        ...load,
        shape: { kind: 'rate', rate: ask.rate },
        durationMs,
        peakRate: ask.rate,
        // What waits without limits under overload is never more than what has come.
        users: Math.ceil((Math.min(mostMs, durationMs) / 1_000) * ask.rate) + 10,
      },
    ],
    warmupMs: WARMUP_MS,
    durationMs,
    probes: [],
    faults: [],
    changes: [],
    checks: checksOf(ask, objective, nominal),
  };
}

/** The same trial, in which replicas are killed and started again one after the other, each in service before the next goes. */
export function withRestarts(
  trial: TrialPlan,
  replicas: readonly Instance[],
  restartMs: number,
  ratePerSecond: number,
): TrialPlan {
  const kind = faultKind({ kind: 'kill', on: {}, at: 0, for: AWAY_MS });
  const firstMs = WARMUP_MS + Math.max(LEAST_STEADY_MS, (1_000 * STEADY_REQUESTS) / ratePerSecond);
  const faults = replicas.map((replica, index): PlannedFault => {
    const on = { service: replica.service, workload: replica.workload, replica: replica.replica };
    const atMs = firstMs + index * (AWAY_MS + restartMs);
    const fault: Fault = { kind: 'kill', on, at: atMs, for: AWAY_MS };
    const name = `restart-${index + 1}`;
    return {
      name,
      fault,
      source: '--verify-scaling',
      description: `${replica.name} ${kind.describe(fault)}`,
      targets: [replica.name],
      atMs,
      forMs: AWAY_MS,
      halts: kind.halts,
      actions: kind.actions(fault, name, [replica], replicas),
      proof: kind.proof(fault, [replica]),
    };
  });
  const durationMs = Math.ceil(firstMs + 500 + replicas.length * (AWAY_MS + restartMs));
  return { ...trial, faults, durationMs, loads: trial.loads.map((load) => ({ ...load, durationMs })) };
}

function checksOf(ask: Ask, { latencies, successAtLeast }: Objective, nominal: number): PlannedCheck[] {
  const share = `${Number((100 * successAtLeast).toFixed(6))}%`;
  const written: readonly object[] = [
    ...latencies.map(({ percentile, atMostMs }) => ({
      name: `p${percentile}`,
      kind: 'latency',
      during: 'run',
      of: 'successful',
      percentile,
      atMost: `${atMostMs}ms`,
    })),
    ...(ask.judged === 'nominal'
      ? [{ name: 'success', kind: 'success-rate', during: 'run', atLeast: share }]
      : [
          {
            name: 'goodput',
            kind: 'goodput',
            during: 'run',
            atLeast: `${Number((nominal * successAtLeast).toFixed(3))}/s`,
          },
        ]),
  ];
  return written.map((each): PlannedCheck => {
    const check: Check = checkSchema.parse(each);
    return { name: check.name ?? check.kind, check, fault: undefined };
  });
}

/**
 * What a trial has shown, from its evidence; undefined when it proves nothing. Where a machine that came late is all
 * that is in doubt, an objective that held all the same did: lateness makes answers later, and pools fuller.
 */
export async function measure(
  ask: Ask,
  { objective }: Pick<Question, 'objective'>,
  analysis: Analysis,
  directory: string,
  mesh: Pick<Mesh, 'telemetry'>,
  warmupMs = WARMUP_MS,
): Promise<Measured | undefined> {
  if (analysis.verdict === 'invalid' && !analysis.heldThoughLate) return undefined;
  const answers = countAnswers(await readEvidence(directory, mesh.telemetry), warmupMs);
  const quickMs = QUICK_SHARE * tightest(objective).atMostMs;
  const under = ask.judged === 'overload';
  const slow = under && (answers.refusedP90Ms ?? 0) > quickMs;
  const errors = 1 - answers.success - answers.refused;
  const mostErrors = 1 - objective.successAtLeast;
  const failed = analysis.checks.filter(({ name, status }) => status === 'fail' && isOwn(name));
  const missed = [
    ...failed.map(({ name, observed, limit }) => `${name} ${observed}, ${limit}`),
    ...(under && errors > mostErrors + 1e-9
      ? [`errors ${formatPercent(errors)}, at most ${formatPercent(mostErrors)}`]
      : []),
    ...(slow
      ? [
          `refusals p${QUICK_PERCENTILE} ${formatMs(answers.refusedP90Ms ?? Number.NaN)}, at most ${formatMs(quickMs)}`,
        ]
      : []),
  ];
  const latencyMs = Object.fromEntries(
    analysis.checks.flatMap(({ name, kind, value }) =>
      kind === 'latency' && value !== undefined ? [[name, value]] : [],
    ),
  );
  const cost = costOf(analysis.resources, ask.rate);
  return {
    holds: missed.length === 0,
    missed,
    latencyMs,
    offered: ask.rate,
    ...answers,
    ...(cost === undefined ? {} : { cost }),
  };
}

/** What the sidecars have counted of their connections, for each request that ended. */
function costOf(
  { connections = [], programs }: Analysis['resources'],
  rate: number,
): ConnectionCost | undefined {
  const requests = connections.reduce((sum, each) => sum + each.requests, 0);
  if (requests === 0) return undefined;
  const opened = connections.reduce((sum, each) => sum + each.opened, 0);
  const cpuMs = Object.entries(programs).reduce(
    (sum, [name, each]) => (name.endsWith('/sidecar') ? sum + each.cpuMs : sum),
    0,
  );
  return { opened: (rate * opened) / requests, ...(cpuMs > 0 ? { cpuMs: cpuMs / requests } : {}) };
}

/** Checks that every run has beside its own say nothing about the objective. */
const isOwn = (name: string) => name === 'success' || name === 'goodput' || /^p[\d.]+$/.test(name);

/**
 * How the requests of a window ended and how long the clients' proxies had them, after the warmup. A request is refused by
 * its client's sidecar, or by the server's own, which has the same limits: to its caller both are the same.
 */
function countAnswers({ requests, arrivals, endings, loadEndedMs }: Evidence, warmupMs: number) {
  const isShed = (number: number | undefined) => number !== undefined && endings[number]?.outcome === 'shed';
  const held: number[] = [];
  const served: number[] = [];
  const refusedMs: number[] = [];
  let all = 0;
  let inWindow = 0;
  const endMs = Math.min(loadEndedMs ?? Number.POSITIVE_INFINITY, lastStart(requests));
  for (let row = 0; row < requests.length; row += 1) {
    const startMs = requests.startMs[row] ?? 0;
    const durationMs = requests.durationMs[row] ?? 0;
    const outcome = endings[requests.ending[row] ?? -1]?.outcome;
    const overMs = startMs + durationMs;
    if (outcome === 'ok' && overMs >= warmupMs && overMs <= endMs) inWindow += 1;
    if (startMs < warmupMs) continue;
    all += 1;
    if (outcome === 'ok') {
      held.push(durationMs);
      served.push(arrivals.durationMs[requests.lastArrival[row] ?? -1] ?? durationMs);
    } else if (outcome === 'shed' || isShed(arrivals.ending[requests.lastArrival[row] ?? -1])) {
      refusedMs.push(durationMs);
    }
  }
  const mean = meanOf(held);
  const variance = held.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, held.length);
  refusedMs.sort((a, b) => a - b);
  const p90 = refusedMs[Math.ceil((QUICK_PERCENTILE / 100) * refusedMs.length) - 1];
  return {
    goodput: (1_000 * inWindow) / Math.max(1, endMs - warmupMs),
    success: all === 0 ? 0 : held.length / all,
    refused: all === 0 ? 0 : refusedMs.length / all,
    ...(p90 === undefined ? {} : { refusedP90Ms: p90 }),
    serviceMs: mean,
    serverMs: meanOf(served),
    serviceVariation: mean === 0 ? 0 : variance / mean ** 2,
  };
}

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);

/**
 * Why a trial at the nominal rate that missed the objective says nothing about its limits: the servers themselves took
 * longer than they do without any. Limits let fewer in at once, and make no server slower; a busy machine does.
 */
export function disturbanceIn(
  measured: Measured,
  ask: Ask,
  unlimited: Measured | undefined,
): string | undefined {
  if (measured.holds || ask.limits === 'none' || unlimited?.offered !== measured.offered) return undefined;
  if (measured.serverMs <= SLOWER * unlimited.serverMs) return undefined;
  return `servers took ${formatMs(measured.serverMs)} instead of ${formatMs(unlimited.serverMs)} without limits`;
}

const lastStart = ({ startMs, length }: Evidence['requests']) =>
  startMs.subarray(0, length).reduce((last, at) => Math.max(last, at), 0);
