import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment, StartedEnvironment } from '../environments/contract.ts';
import { environmentError } from '../kit/errors.ts';
import { beginLoad, finishLoad, loadJob } from '../load/k6.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { JournalEntry, LoadTotals, RunContext } from '../model/evidence.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { Plan } from '../plan/contract.ts';
import { createRunDirectory } from '../runs/run-directory.ts';
import { startSampler } from './sampler.ts';
import { Journal, runTimeline } from './timeline.ts';
import { measureTimerNoise } from './timer-noise.ts';

export interface RunRequest {
  readonly runId: string;
  readonly plan: Plan;
  readonly configuration: MeshConfiguration;
  readonly environment: Environment;
  readonly mesh: Mesh;
  /** The run's report folder; `evidence/` and `logs/` are made in it. */
  readonly reportDirectory: string;
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
}

/** What a person may watch while a run goes on. */
export interface RunWatcher {
  step(text: string): void;
  ongoing(text: string): void;
  warn(text: string): void;
  fault(text: string): void;
  /** Milliseconds into the load, its length, and what the clients' sidecars last said. */
  load(atMs: number, totalMs: number, latest: ReturnType<typeof startSampler>['latest']): void;
}

/** What a run leaves behind beside its evidence. */
export interface RunOutcome {
  readonly interrupted: boolean;
  /** Epoch milliseconds. */
  readonly firstRequestAt: number;
  readonly loadMs: number;
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
}

/**
 * The way through a run: environment up, load with the fault timeline, evidence, teardown. Everything
 * acquired is released when this returns or throws. Analysis and reports work on the evidence alone.
 */
export async function run(request: RunRequest): Promise<RunOutcome> {
  const { plan, signal, watcher } = request;
  const evidence = join(request.reportDirectory, 'evidence');
  await mkdir(evidence, { recursive: true });
  await using directory = await createRunDirectory(request.runId, `run ${plan.name}`);
  await using environment = await request.environment.start({
    topology: plan.topology,
    configuration: request.configuration,
    runId: request.runId,
    directory: directory.path,
    evidence,
    logs: join(request.reportDirectory, 'logs'),
    progress: (step) => watcher.step(step),
    ongoing: (text) => watcher.ongoing(text),
    warn: (text) => watcher.warn(text),
    signal,
  });
  const outcome = await loadAndFaults(request, environment, evidence);
  watcher.step('collecting evidence');
  await environment.collect();
  await writeContext(request, environment, evidence);
  watcher.step('taking the mesh down');
  return outcome;
}

async function loadAndFaults(
  request: RunRequest,
  environment: StartedEnvironment,
  evidence: string,
): Promise<RunOutcome> {
  const { plan, signal, watcher } = request;
  const journal = new Journal(join(evidence, 'journal.jsonl'));
  watcher.step('preparing the load');
  const [planned] = plan.trial.loads;
  if (!planned) throw new Error('a plan without a load');
  const host = request.mesh.serviceHost(planned.to, plan.topology.namespace);
  await using load = await environment.prepareLoad(loadJob(planned, host));
  await using noise = measureTimerNoise();
  let loadMs = 0;
  {
    await using sampler = startSampler(environment, request.mesh.statistics, evidence);
    const startedAt = await beginLoad(planned, load);
    journal.write({ t: startedAt, event: 'load-started' });
    const clock = setInterval(
      () => watcher.load(Math.max(0, Date.now() - startedAt), plan.trial.durationMs, sampler.latest),
      500,
    );
    // A fault of the harness must end the timeline, and the other way round.
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const lost = environment.lost.then((reason) => {
      throw environmentError(`the environment broke during the run: ${reason}`);
    });
    const timeline = runTimeline(plan.trial, environment, journal, startedAt, either, {
      injecting: (fault) => watcher.fault(`${fault.name}: ${fault.description}`),
      reverted: (fault) => watcher.fault(`${fault.name}: taken back`),
    });
    const totals = finishLoad(planned, load, startedAt, evidence, () => signal.aborted);
    timeline.catch(() => {});
    totals.catch(() => {});
    lost.catch(() => {});
    const onAbort = () => load.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([Promise.all([totals, timeline]), lost]);
    } catch (error) {
      if (!signal.aborted) throw error;
      await finishEarly(timeline, totals);
    } finally {
      ending.abort();
      signal.removeEventListener('abort', onAbort);
      clearInterval(clock);
      await timeline.catch(() => {});
    }
    loadMs = Date.now() - startedAt;
    journal.write({ t: Date.now(), event: 'load-ended' } satisfies JournalEntry);
  }
  await writeFile(join(evidence, 'timer.json'), JSON.stringify(await noise.stop()));
  return {
    interrupted: signal.aborted,
    firstRequestAt: environment.firstRequestAt,
    loadMs,
    mesh: environment.mesh,
    programs: environment.programs,
  };
}

/** After Ctrl-C: faults are taken back, and k6 gets a moment to write what it counted. */
async function finishEarly(timeline: Promise<void>, totals: Promise<LoadTotals>): Promise<void> {
  const patienceMs = 1_200;
  await Promise.race([Promise.allSettled([timeline, totals]), sleep(patienceMs)]);
}

async function writeContext(
  request: RunRequest,
  environment: StartedEnvironment,
  evidence: string,
): Promise<void> {
  const context: RunContext = {
    runId: request.runId,
    environment: request.environment.name,
    mesh: environment.mesh,
    instances: environment.instances,
    rejections: await environment.rejections(),
    gaps: environment.gaps,
  };
  await writeFile(join(evidence, 'run.json'), `${JSON.stringify(context, null, 2)}\n`);
}
