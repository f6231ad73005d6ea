import { join } from 'node:path';
import type { Environment } from '../environments/contract.ts';
import { doubtOf } from '../experiment/doubt.ts';
import type { Planned } from '../experiment/planned.ts';
import { assembleReport } from '../experiment/report.ts';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { type TrialResult, TrialSeries } from '../experiment/trials.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { writeReports } from '../report/index.ts';
import type { RoundMaker, RoundResult } from './compare.ts';
import type { OnBoth, SideName } from './sides.ts';

export interface LabRoundsRequest {
  readonly runId: string;
  readonly planned: OnBoth<Planned>;
  readonly environments: OnBoth<Environment>;
  /** Whether both sides take turns in one lab. */
  readonly inOneLab: boolean;
  /** A folder per round is made in it. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  readonly watcher: ExperimentWatcher;
}

/**
 * Rounds that are trials on labs: one lab for both sides, whose configuration is put in the other's place, or one for
 * each, beside the other. Each is up from its first round until this is disposed; one that breaks is made anew.
 */
export class LabRounds implements RoundMaker, AsyncDisposable {
  readonly #request: LabRoundsRequest;
  readonly #series: OnBoth<TrialSeries>;

  constructor(request: LabRoundsRequest) {
    this.#request = request;
    const one = this.#seriesOf('a');
    this.#series = { a: one, b: request.inOneLab ? one : this.#seriesOf('b') };
  }

  async make(side: SideName, name: string): Promise<RoundResult> {
    const { plan, configuration, steps } = this.#request.planned[side];
    const startedAt = Date.now();
    const result = await this.#series[side].one({ name, trial: plan.trial, configuration, steps });
    return result.ended === 'done' ? this.#found(side, result, startedAt) : brokenBy(side, result);
  }

  async #found(
    side: SideName,
    { name, analysis, outcome, ran }: Extract<TrialResult, { ended: 'done' }>,
    startedAt: number,
  ): Promise<RoundResult> {
    const { planned, command, runId, environments, directory } = this.#request;
    const report = assembleReport(
      planned[side],
      {
        id: `${runId}/${name}`,
        startedAt,
        loadMs: outcome.loadMs,
        interrupted: false,
        environment: environments[side].name,
        command,
        ...ran,
      },
      analysis,
    );
    await writeReports(join(directory, name), report);
    const { verdict, measures } = report;
    const { machine } = report.resources;
    return verdict === 'invalid' || measures === undefined
      ? { ...ran, verdict: 'invalid', why: doubtOf(analysis) }
      : { ...ran, verdict, measures, ...(machine === undefined ? {} : { machine }) };
  }

  #seriesOf(side: SideName): TrialSeries {
    const { runId, planned, environments, inOneLab, directory, signal, watcher } = this.#request;
    const { plan, mesh } = planned[side];
    return new TrialSeries({
      runId: inOneLab ? runId : `${runId}-${side}`,
      what: `compare ${plan.name}`,
      topology: plan.topology,
      mesh,
      environment: environments[side],
      directory,
      logs: inOneLab ? 'logs' : `logs-${side}`,
      signal,
      watcher,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Both, whatever the first comes to.
    await using _a = this.#series.a;
    await using _b = this.#series.b;
  }
}

function brokenBy(side: SideName, result: Exclude<TrialResult, { ended: 'done' }>): RoundResult {
  const error = result.ended === 'failed' ? result.error : new Error('it was interrupted');
  if (!(error instanceof OperatorError)) throw error;
  // A mistake in what was written is one in every round.
  if (error.exitCode === ExitCode.usage) throw namingSide(side, error);
  return { verdict: 'broken', why: error.message };
}

/** The same error, saying which side it is about. */
export const namingSide = (side: SideName, error: OperatorError): OperatorError =>
  new OperatorError(`--${side}: ${error.message}`, {
    hint: error.hint,
    exitCode: error.exitCode,
    cause: error,
  });
