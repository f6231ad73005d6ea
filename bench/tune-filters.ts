import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Analysis } from '../src/analysis/analyse.ts';
import { environments } from '../src/environments/index.ts';
import { type Planned, planExperiment } from '../src/experiment/planned.ts';
import { runTrials, type TrialWanted } from '../src/experiment/trials.ts';
import { formatMs, formatPercent, formatRate } from '../src/kit/format.ts';
import { createProgress } from '../src/kit/terminal.ts';
import type { MeshFile } from '../src/model/mesh-configuration.ts';
import type { PoolLimits } from '../src/model/pool-limits.ts';
import { configurationContext } from '../src/plan/configuration-context.ts';
import type { Ask, Measured } from '../src/tuning/contract.ts';
import { readQuestion } from '../src/tuning/question.ts';
import { searchLimits } from '../src/tuning/strategy.ts';
import { runSimulated, simulateTrial } from '../src/tuning/testing/simulated-service.ts';
import { measure, trialPlan } from '../src/tuning/trial.ts';
import { drawn } from './draws.ts';

/** Eight requests at once of 200 ms each: it can do 40/s. Nominal is three quarters of that, the overload twice that. */
const app = 'topology.services.edge-app.app';
const service = {
  set: [`${app}.serviceTime=constant:200ms`, `${app}.concurrency=8`],
  rate: 30,
  overload: 80,
};
const slo = 'p95 < 800ms, success >= 99.9%';
/** Filters learn from what comes, so the first seconds count for nobody. */
const warmupMs = 6_000;
const durationMs = 30_000;
/** Where nobody is refused, a queue grows for as long as more comes. */
const unguardedMs = 14_000;
/** A trial that proves nothing is made again so often. */
const tries = 4;

/** What stands between the load and the service. */
interface Guard {
  readonly name: string;
  readonly files: readonly MeshFile[];
  /** Whether it goes by failures alone, and so lets everybody wait where nobody fails. */
  readonly waitsForFailures?: true;
}

const adaptive = `'@type': type.googleapis.com/envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency
            gradient_controller_config:
              sample_aggregate_percentile: { value: 90 }
              concurrency_limit_params: { concurrency_update_interval: 0.5s }
              min_rtt_calc_params: { interval: 15s, request_count: 10, min_concurrency: 2, jitter: { value: 10 } }
            enabled: { default_value: true, runtime_key: adaptive_concurrency.enabled }`;
const admission = `'@type': type.googleapis.com/envoy.extensions.filters.http.admission_control.v3.AdmissionControl
            enabled: { default_value: true, runtime_key: admission_control.enabled }
            sampling_window: 5s
            sr_threshold: { default_value: { value: 95 }, runtime_key: admission_control.sr_threshold }
            aggression: { default_value: 1, runtime_key: admission_control.aggression }
            success_criteria: { http_criteria: { http_success_status: [{ start: 100, end: 500 }] } }`;

/** A filter in front of the router of one side's sidecars: the caller's (outbound) or the server's own (inbound). */
const filter = (name: string, settings: string, side: 'caller' | 'server'): MeshFile => ({
  file: `${name} at the ${side}`,
  path: `/${name}-${side}.yaml`,
  content: `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: ${name} }
spec:
  workloadSelector: { labels: { app: ${side === 'caller' ? 'frontend' : 'edge-app'} } }
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: ${side === 'caller' ? 'SIDECAR_OUTBOUND' : 'SIDECAR_INBOUND'}
        listener:
          filterChain:
            filter:
              name: envoy.filters.network.http_connection_manager
              subFilter: { name: envoy.filters.http.router }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.${name.replace('-', '_')}
          typed_config:
            ${settings}
`,
});

const both = (name: string, settings: string): readonly Guard[] =>
  (['server', 'caller'] as const).map((side) => ({
    name: `${name.replace('-', ' ')}, at the ${side}'s sidecar`,
    files: [filter(name, settings, side)],
  }));

/**
 * The limits that a search finds beside Envoy's filters that adapt by themselves, under the same load and overload: for
 * a service that queues without end, and for one that answers 503 when ten wait. `only`: what names have in them.
 */
export async function compareFilters(only = ''): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model}`);
  for (const [what, queue] of [
    ['a service that queues', 100_000],
    ['a service that answers 503 when ten wait', 10],
  ] as const) {
    const planned = await planExperiment('bench/tune.yaml', {
      set: [...service.set, `${app}.queue=${queue}`],
      config: [],
    });
    await compareOn(planned, what, queue, only, stop.signal);
  }
}

async function compareOn(
  planned: Planned,
  what: string,
  queue: number,
  only: string,
  signal: AbortSignal,
): Promise<void> {
  const { plan, mesh } = planned;
  const { question, load } = readQuestion(
    planned,
    {
      ...{ slo, rate: `${service.rate}/s`, overload: String(service.overload / service.rate) },
      ...{ headroom: '10%', bounds: [] },
    },
    0,
  );
  const draw = drawn(1);
  const { result } = runSimulated(searchLimits(question), (ask) =>
    simulateTrial({ clients: 1, servers: 8, serviceMs: () => 200 }, ask, question, () => draw.between(0, 1)),
  );
  const limits: PoolLimits = result.limits ?? {};
  const pool: MeshFile = {
    file: 'static',
    path: '/static.yaml',
    content: mesh.pools.newRule({ from: load.from, to: load.to, namespace: plan.topology.namespace }, limits)
      .text,
  };
  const guards: readonly Guard[] = [
    { name: 'none', files: [] },
    { name: `limits found (${Object.values(limits).join(' connections, ')} waiting)`, files: [pool] },
    ...both('adaptive-concurrency', adaptive),
    ...both('admission-control', admission).map((each): Guard => ({ ...each, waitsForFailures: true })),
  ].filter(({ name }) => name.includes(only));
  const directory = mkdtempSync(join(tmpdir(), 'breakwater-bench-filters-'));
  let last: { readonly measured: Measured | undefined } = { measured: undefined };
  const outcomes = new Map<string, Measured>();

  function* wanted(): Generator<TrialWanted> {
    for (const guard of guards) {
      for (const rate of [service.rate, service.overload]) {
        for (let again = 1; again <= tries; again += 1) {
          const ask = askAt(rate);
          const grows = guard.files.length === 0 || (guard.waitsForFailures && queue > 1_000);
          const forMs = grows ? unguardedMs : durationMs;
          const trial = { ...trialPlan(load, ask, question, guard.files), warmupMs, durationMs: forMs };
          const users = grows ? Math.ceil((rate * forMs) / 1_000) : 4 * rate;
          const loads = trial.loads.map((each) => ({ ...each, durationMs: forMs, users }));
          const resources = mesh.readConfiguration(guard.files, configurationContext({ ...plan, trial }));
          const name = `${guards.indexOf(guard)}-${rate}-${again}`;
          yield { name, trial: { ...trial, loads }, configuration: { files: guard.files, resources } };
          if (last.measured === undefined) continue;
          outcomes.set(`${guard.name} ${rate}`, last.measured);
          break;
        }
      }
    }
  }

  try {
    const request = {
      runId: `bench-filters-${Date.now().toString(36)}`,
      what: 'trials of bench:tune',
      topology: plan.topology,
      mesh,
      environment: environments.local(mesh, createProgress(process.stderr, true), signal),
      directory,
      signal,
      watcher: { step() {}, ongoing() {}, warn: console.error, fault() {}, load() {} },
    };
    for await (const trial of runTrials(request, wanted())) {
      last = { measured: undefined };
      if (trial.ended === 'failed') throw trial.error;
      if (trial.ended !== 'done') continue;
      const evidence = join(directory, trial.name, 'evidence');
      const ask = askAt(Number(trial.name.split('-')[1]));
      const analysis = forgiven(trial.analysis);
      const measured = await measure(ask, question, analysis, evidence, mesh, warmupMs);
      if (measured === undefined) console.error(`  ${trial.name} proves nothing: ${analysis.summary}`);
      last = { measured };
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  console.log(`\n${what}: ${slo} at ${service.rate}/s, overload ${service.overload}/s`);
  console.log(
    '| guard | offered | goodput | p95 of who is let in | refused | refused within (p90) | other errors |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const guard of guards) {
    for (const rate of [service.rate, service.overload]) {
      console.log(rowOf(guard.name, rate, outcomes.get(`${guard.name} ${rate}`)));
    }
  }
}

/** Lateness of a tenth of a second is nothing beside what is compared here: seconds, and whole shares. */
function forgiven(analysis: Analysis): Analysis {
  const violated = analysis.validity.filter(({ status }) => status === 'violated');
  const isLate = violated.length > 0 && violated.every(({ rule }) => rule === 'generator-lag');
  return isLate ? { ...analysis, verdict: 'pass' } : analysis;
}

const askAt = (rate: number): Ask => ({
  purpose: 'proof',
  judged: rate > service.rate ? 'overload' : 'nominal',
  rate,
  limits: 'none',
});

const percent = (share: number) => formatPercent(Number(Math.abs(share).toFixed(3)));

function rowOf(name: string, rate: number, measured: Measured | undefined): string {
  const cells =
    measured === undefined
      ? ['proves nothing here', '', '', '', '']
      : [
          formatRate(measured.goodput),
          Object.values(measured.latencyMs).map(formatMs).join(''),
          percent(measured.refused),
          measured.refusedP90Ms === undefined ? '–' : formatMs(measured.refusedP90Ms),
          percent(1 - measured.success - measured.refused),
        ];
  return `| ${[name, formatRate(rate), ...cells].join(' | ')} |`;
}
