import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { analyse } from '../analysis/analyse.ts';
import type { Environment } from '../environments/contract.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import type { Report } from '../report/model.ts';
import { runTrial, type TrialWatcher } from '../trial/run.ts';
import { Labs } from './labs.ts';
import type { Planned } from './planned.ts';
import { assembleReport } from './report.ts';

export interface ExperimentRequest {
  readonly runId: string;
  readonly planned: Planned;
  readonly environment: Environment;
  /** The run's report folder; `evidence/` and `logs/` are made in it. */
  readonly reportDirectory: string;
  /** Epoch milliseconds of the command, and its arguments. */
  readonly startedAt: number;
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  readonly watcher: ExperimentWatcher;
  /** Where it takes its lab from, when other runs do so too; what it leaves there is up for the next one. */
  readonly labs?: Labs;
  /** Whether the next run may have its lab: without it, or where it did not come to its end, the lab goes down. */
  readonly leavesLab?: boolean;
}

/** What a person may watch while an experiment goes on. */
export interface ExperimentWatcher extends TrialWatcher {
  ongoing(text: string): void;
  warn(text: string): void;
}

/** What a run leaves. */
export interface ExperimentOutcome {
  readonly report: Report;
  /** What the mesh did not take in the middle of it: the report says what there was until then. */
  readonly refused?: OperatorError;
}

/**
 * The way through a run: lab up, one trial, lab down, analysis, report. Everything acquired is released when this
 * returns or throws.
 */
export async function runExperiment(request: ExperimentRequest): Promise<ExperimentOutcome> {
  const { planned, runId, signal, startedAt, command } = request;
  const { plan, mesh, configuration, steps } = planned;
  const evidence = join(request.reportDirectory, 'evidence');
  const outcome = await onLab(request, evidence).catch((error: unknown) => {
    throw naming(join(request.reportDirectory, 'logs'), error);
  });
  const analysis = await analyse({
    trial: plan.trial,
    directory: evidence,
    mesh,
    topology: plan.topology,
    resources: configuration.resources,
    steps: steps.map(({ resources }) => resources),
  });
  const { refused, ...about } = outcome;
  const report = assembleReport(
    planned,
    {
      ...about,
      id: runId,
      startedAt,
      command,
      environment: request.environment.name,
      interrupted: outcome.interrupted || signal.aborted,
    },
    analysis,
  );
  return { report, ...(refused === undefined ? {} : { refused }) };
}

async function onLab(request: ExperimentRequest, evidence: string) {
  const { planned, runId, signal, watcher, labs = new Labs(request.environment) } = request;
  const { plan, mesh, configuration, steps } = planned;
  const folder = { evidence, logs: join(request.reportDirectory, 'logs') };
  await using ending = new AsyncDisposableStack();
  ending.use(labs);
  const { lab, own } = await labs.take({
    topology: plan.topology,
    mesh,
    configuration,
    runId,
    what: `run ${plan.name}`,
    logs: folder.logs,
    progress: (step) => watcher.step(step),
    ongoing: (text) => watcher.ongoing(text),
    warn: (text) => watcher.warn(text),
    signal,
  });
  const outcome = await runTrial({
    lab,
    mesh,
    trial: plan.trial,
    topology: plan.topology,
    configuration,
    steps,
    runId,
    environment: request.environment.name,
    folder,
    signal,
    watcher,
  });
  // What is moved away is not taken down.
  if (request.leavesLab && !outcome.interrupted && outcome.refused === undefined) ending.move();
  else watcher.step('taking the mesh down');
  const { mesh: meshVersion, programs } = lab;
  return { ...outcome, ...(own ? { firstRequestAt: lab.firstRequestAt } : {}), mesh: meshVersion, programs };
}

/** The error of a run without a report, with the folder of what its programs said last. */
function naming(logs: string, error: unknown): unknown {
  if (!(error instanceof OperatorError) || error.exitCode !== ExitCode.environment) return error;
  if (!existsSync(logs) || readdirSync(logs).length === 0) return error;
  const where = `logs are in ${relative(process.cwd(), logs)}`;
  const hint = error.hint === undefined ? where : `${error.hint}\n${where}`;
  return new OperatorError(error.message, { hint, exitCode: error.exitCode, cause: error.cause });
}

/** "circuit-breaker-20261122-184227-3f9a": sorts by time within a scenario. */
export function newRunId(scenario: string): string {
  const stamp = new Date()
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${scenario}-${stamp}-${randomBytes(2).toString('hex')}`;
}
