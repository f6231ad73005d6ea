import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Analysis, analyse } from '../analysis/analyse.ts';
import type { Environment, Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { TrialPlan } from '../plan/contract.ts';
import { runTrial, type TrialOutcome } from '../trial/run.ts';
import { OpenLab } from './labs.ts';
import type { ExperimentWatcher } from './run.ts';

/** One trial of a series. */
export interface TrialWanted {
  /** Unique in the series; names its folder. */
  readonly name: string;
  readonly trial: TrialPlan;
  readonly configuration: MeshConfiguration;
  /** After each change of the trial; none unless given. */
  readonly steps?: readonly MeshConfiguration[];
  /** Ends this trial alone. */
  readonly signal?: AbortSignal;
}

/** What came of one trial. */
export type TrialResult =
  | {
      readonly ended: 'done';
      readonly name: string;
      readonly analysis: Analysis;
      /** Instance → milliseconds until its sidecar held the trial's configuration. */
      readonly arrivals: ReadonlyMap<string, number>;
      readonly outcome: TrialOutcome;
      /** What its lab ran: the mesh, and program → version. */
      readonly ran: Pick<Lab, 'mesh' | 'programs'>;
    }
  /** Its own signal ended it; the lab is as before. */
  | { readonly ended: 'interrupted'; readonly name: string }
  /** It could not be made or came to no end, and its lab is not used any more. */
  | { readonly ended: 'failed'; readonly name: string; readonly error: unknown };

export interface SeriesRequest {
  readonly runId: string;
  /** What the series is, for who finds its folder: "trials of circuit-breaker". */
  readonly what: string;
  readonly topology: TopologyPlan;
  readonly mesh: Mesh;
  readonly environment: Environment;
  /** A folder per trial is made in it, and one for the logs of the lab. */
  readonly directory: string;
  /** Where in it programs' logs go; `logs` unless given. */
  readonly logs?: string;
  readonly signal: AbortSignal;
  readonly watcher: ExperimentWatcher;
}

/**
 * Trials one after the other on one lab, each with its own configuration. A trial that fails takes its own result
 * along and nothing else: the next one goes on, on a new lab where the old one was lost or left disturbed. The
 * lab goes down when the series is over, or its consumer stops asking.
 */
export async function* runTrials(
  request: SeriesRequest,
  trials: Iterable<TrialWanted> | AsyncIterable<TrialWanted>,
): AsyncGenerator<TrialResult, void, void> {
  await using series = new TrialSeries(request);
  for await (const wanted of trials) {
    request.signal.throwIfAborted();
    yield await series.one(wanted);
  }
}

/** The same for who asks for one trial at a time: two series side by side have a lab each. */
export class TrialSeries implements AsyncDisposable {
  readonly #request: SeriesRequest;
  #open: OpenLab | undefined;
  #labs = 0;

  constructor(request: SeriesRequest) {
    this.#request = request;
  }

  async one(wanted: TrialWanted): Promise<TrialResult> {
    const { signal } = this.#request;
    const { name } = wanted;
    try {
      const open = await this.#labFor(wanted);
      const result = await this.#trial(wanted, open);
      signal.throwIfAborted();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      const given = wanted.signal;
      if (given?.aborted && isAbort(error)) return { ended: 'interrupted', name };
      // Whatever broke, its lab is not trusted with another trial.
      await this.#close();
      return { ended: 'failed', name, error };
    }
  }

  async #trial(
    { name, trial, configuration, steps = [], signal }: TrialWanted,
    { lab }: OpenLab,
  ): Promise<TrialResult> {
    const { runId, topology, mesh, environment, directory, watcher } = this.#request;
    const ending = signal ? AbortSignal.any([this.#request.signal, signal]) : this.#request.signal;
    const folder = { evidence: join(directory, name, 'evidence'), logs: join(directory, name, 'logs') };
    // What a killed series has left of a trial that it goes on with would be evidence of this one.
    await rm(join(directory, name), { recursive: true, force: true });
    const arrivals = await lab.configure(configuration, ending);
    const outcome = await runTrial({
      lab,
      mesh,
      trial,
      topology,
      configuration,
      steps,
      runId: `${runId}/${name}`,
      environment: environment.name,
      folder,
      signal: ending,
      watcher,
    });
    if (outcome.interrupted) return { ended: 'interrupted', name };
    if (outcome.refused !== undefined) throw outcome.refused;
    const analysis = await analyse({
      trial,
      directory: folder.evidence,
      mesh,
      topology,
      resources: configuration.resources,
      steps: steps.map(({ resources }) => resources),
    });
    const { mesh: version, programs } = lab;
    return { ended: 'done', name, analysis, arrivals, outcome, ran: { mesh: version, programs } };
  }

  async #labFor({ configuration }: TrialWanted): Promise<OpenLab> {
    if (this.#open?.lost) await this.#close();
    if (this.#open) return this.#open;
    const { runId, what, topology, environment, directory, logs = 'logs', signal, watcher } = this.#request;
    this.#labs += 1;
    this.#open = await OpenLab.start(environment, what, {
      topology,
      configuration,
      runId: this.#labs === 1 ? runId : `${runId}-${this.#labs}`,
      logs: join(directory, this.#labs === 1 ? logs : `${logs}-${this.#labs}`),
      progress: (step) => watcher.step(step),
      ongoing: (text) => watcher.ongoing(text),
      warn: (text) => watcher.warn(text),
      signal,
    });
    return this.#open;
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError';
