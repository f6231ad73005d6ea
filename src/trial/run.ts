import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, LabTrial, TrialFolder, TrialWindow } from '../environments/contract.ts';
import { environmentError, type OperatorError } from '../kit/errors.ts';
import { unlessAborted } from '../kit/eventually.ts';
import { prepareLoads } from '../load/loads.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { RunContext } from '../model/evidence.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { TrialPlan } from '../plan/contract.ts';
import { prepareProbes } from '../probes/probes.ts';
import { Changes } from './changes.ts';
import { recordCredentials } from './credentials.ts';
import { prepareDirect } from './direct.ts';
import { recordEffective } from './effective.ts';
import { watchedBy } from './guard.ts';
import { scrapeClients, writeMetrics } from './metrics.ts';
import { type Sampler, startSampler } from './sampler.ts';
import { Journal, runTimeline } from './timeline.ts';
import { measureTimerNoise } from './timer-noise.ts';

export interface TrialRequest {
  readonly lab: Lab;
  readonly mesh: Mesh;
  readonly trial: TrialPlan;
  readonly topology: TopologyPlan;
  /** The mesh configuration under test when it begins. */
  readonly configuration: MeshConfiguration;
  /** After each of its changes, in their order. */
  readonly steps: readonly MeshConfiguration[];
  /** What its evidence says it belongs to. */
  readonly runId: string;
  readonly environment: string;
  /** Where its evidence and the logs of its loads go. */
  readonly folder: TrialFolder;
  /** Ends the trial early, with its faults taken back; the lab goes on unless its own signal ends too. */
  readonly signal: AbortSignal;
  readonly watcher: TrialWatcher;
}

/** A trial whose load has begun; pure data. */
export interface BegunTrial {
  readonly runId: string;
  readonly environment: string;
  /** "istio 1.29.1". */
  readonly mesh: string;
  readonly topology: TopologyPlan;
  readonly trial: TrialPlan;
  readonly instances: Lab['instances'];
  /** Folder that its evidence comes into. */
  readonly evidence: string;
  /** Epoch milliseconds that every time of the trial counts from. */
  readonly startedAt: number;
}

/** What a person may watch while a trial goes on. */
export interface TrialWatcher {
  step(text: string): void;
  /** Its load has begun: from here on evidence comes. */
  began?(trial: BegunTrial): void;
  /** Its evidence is whole. */
  collected?(): void;
  fault(text: string): void;
  /** Milliseconds into the load, its length, and what the clients' sidecars last said. */
  load(atMs: number, totalMs: number, latest: Sampler['latest']): void;
}

export interface TrialOutcome {
  readonly interrupted: boolean;
  /** Why a sidecar did not take one of its changes: that has ended the trial early, with everything taken back. */
  readonly refused?: OperatorError;
  readonly loadMs: number;
}

/**
 * One trial on a lab whose mesh configuration is in place: loads with the fault timeline, and the evidence of
 * that window in its folder. The lab is as before when this returns or throws, unless it was lost.
 */
export async function runTrial(request: TrialRequest): Promise<TrialOutcome> {
  try {
    return await onLab(request);
  } catch (error) {
    // What fails because the lab was lost is not the cause.
    const reason = await Promise.race([request.lab.lost, sleep(0)]);
    throw reason === undefined ? error : broken(reason);
  }
}

async function onLab(request: TrialRequest): Promise<TrialOutcome> {
  const { lab, folder } = request;
  await mkdir(folder.evidence, { recursive: true });
  await using window = await lab.trial(folder);
  const { scraped, ...outcome } = await loadAndFaults(request, window);
  request.watcher.step('collecting evidence');
  await writeContext(request, await window.close());
  // Every request has ended by now, and no other one has come.
  if (scraped !== undefined) {
    const after = await scrapeClients(lab, request.mesh, request.topology);
    await writeMetrics(folder.evidence, scraped, after);
  }
  request.watcher.collected?.();
  return outcome;
}

const broken = (reason: string) => environmentError(`the environment broke during the run: ${reason}`);

async function loadAndFaults(
  request: TrialRequest,
  window: LabTrial,
): Promise<TrialOutcome & { readonly scraped: Scraped | undefined }> {
  const { lab, mesh, trial, topology, configuration, signal, watcher } = request;
  const { evidence } = request.folder;
  const journal = new Journal(join(evidence, 'journal.jsonl'));
  watcher.step(`preparing the ${trial.loads.length === 1 ? 'load' : 'loads'}`);
  // Beside the start of k6, which takes longer.
  const held = recordEffective(lab, mesh, topology, configuration.resources, evidence);
  held.catch(() => {});
  await using prepared = await prepareLoads(
    trial.loads,
    (service) => mesh.serviceHost(service, topology.namespace),
    (job) => window.prepareLoad(job),
  );
  await using probes = await prepareProbes({
    probes: trial.probes,
    durationMs: trial.durationMs,
    loads: trial.loads.length,
    clients: (service) => topology.instances.filter((instance) => instance.service === service).length,
    host: (service) => mesh.serviceHost(service, topology.namespace),
    prepare: (job) => window.prepareLoad(job),
  });
  await using direct = await prepareDirect(
    trial.loads,
    trial.loads.length + new Set(trial.probes.map(({ from }) => from)).size,
    (service) => mesh.serviceHost(service, topology.namespace),
    (job) => window.prepareLoad(job),
  );
  await unlessAborted(Promise.all([held, probes.ready(), direct.ready()]), signal);
  const scraped = asksForMetrics(trial) ? await scrapeClients(lab, mesh, topology) : undefined;
  await using noise = measureTimerNoise();
  let loadMs = 0;
  let refused: OperatorError | undefined;
  {
    await using sampler = startSampler(lab, topology, mesh.telemetry.statistics, evidence);
    await using changes = changesOf(request, journal, sampler);
    const loads = await prepared.begin(signal);
    await Promise.all([probes.begin(), direct.begin()]);
    const { startedAt } = loads;
    journal.write({ t: startedAt, event: 'load-started' });
    const { runId, environment } = request;
    const { mesh: version, instances } = lab;
    watcher.began?.({
      runId,
      environment,
      mesh: version,
      topology,
      trial,
      instances,
      evidence,
      startedAt,
    });
    const clock = setInterval(
      () => watcher.load(Math.max(0, Date.now() - startedAt), trial.durationMs, sampler.latest),
      500,
    );
    // A fault of the harness must end the timeline, and the other way round.
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const lost = lab.lost.then((reason) => {
      throw broken(reason);
    });
    const timeline = runTimeline(trial, lab, journal, startedAt, either, {
      injecting: (fault) => watcher.fault(`${fault.name}: ${fault.description}`),
      reverted: (fault) => watcher.fault(`${fault.name}: taken back`),
      asked: (fault, moment) => recordCredentials(lab, mesh, fault, moment, evidence),
    });
    const changing = changes.run(startedAt, either);
    const endsEarly = () => signal.aborted || changes.refused !== undefined;
    const totals = Promise.all([loads, probes, direct].map((each) => each.finish(evidence, endsEarly)));
    timeline.catch(() => {});
    changing.catch(() => {});
    totals.catch(() => {});
    lost.catch(() => {});
    const stop = () => {
      for (const each of [loads, probes, direct]) each.stop();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([Promise.all([totals, timeline, changing]), lost]);
    } catch (error) {
      if (!endsEarly()) throw error;
      ending.abort();
      stop();
      await finishEarly(timeline, totals);
    } finally {
      ending.abort();
      signal.removeEventListener('abort', stop);
      clearInterval(clock);
      await Promise.allSettled([timeline, changing]);
    }
    refused = changes.refused;
    // An interruption ends the timeline early; a fault that could not be taken back leaves a lab nobody may use.
    await timeline.catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    await changes.asked();
    loadMs = Date.now() - startedAt;
    journal.write({ t: Date.now(), event: 'load-ended' });
  }
  await writeFile(join(evidence, 'timer.json'), JSON.stringify(await noise.stop()));
  return { interrupted: signal.aborted, ...(refused === undefined ? {} : { refused }), loadMs, scraped };
}

/** The metrics of clients' sidecars by instance, as they were before the loads. */
type Scraped = Awaited<ReturnType<typeof scrapeClients>>;

const asksForMetrics = ({ checks }: TrialPlan) => checks.some(({ check }) => check.kind === 'metrics-agree');

/** The changes of a trial, with what they need to see of it. */
function changesOf(
  { lab, mesh, trial, topology, configuration, steps, folder, watcher }: TrialRequest,
  journal: Journal,
  sampler: Sampler,
): Changes {
  return new Changes({
    changes: trial.changes,
    // Of a script nobody knows how long it goes on.
    endMs: trial.durationMs || Number.POSITIVE_INFINITY,
    before: configuration,
    steps,
    lab,
    journal,
    events: {
      changing: ({ name, description }) => watcher.fault(`${name}: ${description}`),
      rolledBack: ({ name }, saw) => watcher.fault(`${name}: rolled back, ${saw}`),
    },
    latest: () => sampler.latest,
    watched: (guard) => watchedBy(guard, trial.loads, topology.instances),
    arrived: (number, { resources }) =>
      recordEffective(lab, mesh, topology, resources, folder.evidence, number),
  });
}

/** What ends before its time: faults are taken back, and k6 gets a moment to write what it counted. */
async function finishEarly(timeline: Promise<void>, totals: Promise<unknown>): Promise<void> {
  const patienceMs = 1_200;
  await Promise.race([Promise.allSettled([timeline, totals]), sleep(patienceMs)]);
}

async function writeContext({ runId, environment, lab, folder }: TrialRequest, window: TrialWindow) {
  const context: RunContext = { runId, environment, mesh: lab.mesh, ...window };
  await writeFile(join(folder.evidence, 'run.json'), `${JSON.stringify(context, null, 2)}\n`);
}
