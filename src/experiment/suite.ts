import { join } from 'node:path';
import type { Environment } from '../environments/contract.ts';
import { ExitCode, environmentError, type OperatorError } from '../kit/errors.ts';
import { shellCommand } from '../kit/shell.ts';
import { fullName, type Mesh } from '../meshes/contract.ts';
import type { Plan } from '../plan/contract.ts';
import { writeReports } from '../report/index.ts';
import { brief } from '../report/model.ts';
import { conclude } from '../report/suite/index.ts';
import { SUITE_SCHEMA, type Suite, type SuiteScenario } from '../report/suite/model.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { version } from '../version.ts';
import { Labs, sharingLabs } from './labs.ts';
import { operatorError } from './operator-error.ts';
import type { Planned } from './planned.ts';
import { thisMachine } from './report.ts';
import { type ExperimentOutcome, type ExperimentWatcher, newRunId, runExperiment } from './run.ts';

export interface SuiteRequest {
  readonly id: string;
  readonly scenarios: readonly Planned[];
  readonly environmentOf: (mesh: Mesh) => Environment;
  /** Where each run gets its folder. */
  readonly reports: string;
  /** Epoch milliseconds of the command, and its arguments. */
  readonly startedAt: number;
  readonly command: readonly string[];
  /** Arguments that run a scenario of it alone. */
  readonly commandOf: (plan: Plan) => readonly string[];
  readonly seed: number;
  /** Whether every scenario gets a lab of its own, also where the one before left one that would do. */
  readonly freshLabs: boolean;
  /** Whether the first scenario that does not pass is the last. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  readonly watcherOf: (plan: Plan) => ExperimentWatcher;
  /** Says which scenario begins, and what came of it. */
  readonly watcher: {
    begins(number: number, of: number, plan: Plan): void;
    ended(scenario: SuiteScenario): void;
  };
}

/** A scenario of a suite, and where it stands. */
interface Turn extends Planned {
  readonly index: number;
}

/**
 * Runs every scenario of a suite, those that one lab may serve after each other. What goes wrong in one, the
 * environment included, is told in its place and keeps no other from its turn; an interruption ends the one that is on
 * and leaves the rest out.
 */
export async function runSuite(request: SuiteRequest): Promise<Suite> {
  const turns = request.scenarios.map((planned, index): Turn => ({ ...planned, index }));
  const groups = request.freshLabs ? turns.map((turn) => [turn]) : sharingLabs(turns);
  const ended = new Map<number, SuiteScenario>();
  const over = () =>
    request.signal.aborted || (request.failFast && [...ended.values()].some((scenario) => !passed(scenario)));
  const labs = new Map<string, Labs>();
  const labsOf = (mesh: Mesh) => {
    const found = labs.get(fullName(mesh)) ?? new Labs(request.environmentOf(mesh));
    labs.set(fullName(mesh), found);
    return found;
  };
  for (const group of groups) {
    for (const [place, turn] of group.entries()) {
      if (over()) break;
      request.watcher.begins(ended.size + 1, turns.length, turn.plan);
      const scenario = await runTurn(request, turn, labsOf(turn.mesh), place < group.length - 1);
      ended.set(turn.index, scenario);
      request.watcher.ended(scenario);
    }
  }
  // One that is left up for a scenario that has no turn any more.
  for (const each of labs.values()) await each[Symbol.asyncDispose]();
  const why = request.signal.aborted ? 'the suite was interrupted' : 'another one did not pass (--fail-fast)';
  const scenarios = turns.map((turn) => ended.get(turn.index) ?? { ...aboutOf(turn), ended: 'not-run', why });
  return assembleSuite(request, scenarios as readonly SuiteScenario[]);
}

const passed = (scenario: SuiteScenario) =>
  scenario.ended === 'reported' && scenario.report.verdict === 'pass';

const aboutOf = ({ plan }: Planned) => ({
  name: plan.name,
  description: plan.description,
  file: plan.file,
  ...(plan.profile === undefined ? {} : { profile: plan.profile }),
});

async function runTurn(
  request: SuiteRequest,
  turn: Turn,
  labs: Labs,
  leavesLab: boolean,
): Promise<SuiteScenario> {
  const startedAt = Date.now();
  const about = aboutOf(turn);
  try {
    const { report, refused, folder } = await runOne(request, turn, labs, leavesLab, startedAt);
    const { wallMs } = report.timing;
    if (refused === undefined || report.interrupted)
      return { ...about, ended: 'reported', wallMs, folder, report: brief(report) };
    return { ...about, ended: 'error', wallMs, folder, error: plainError(refused) };
  } catch (error) {
    const known = operatorError(error);
    // What an interruption cut off before there was evidence.
    if (request.signal.aborted && known?.exitCode === ExitCode.interrupted) {
      return { ...about, ended: 'not-run', why: 'the suite was interrupted' };
    }
    return {
      ...about,
      ended: 'error',
      wallMs: Date.now() - startedAt,
      error: plainError(known ?? bug(error)),
    };
  }
}

const plainError = ({ message, hint, exitCode }: Pick<OperatorError, 'message' | 'hint' | 'exitCode'>) => ({
  message,
  exitCode,
  ...(hint === undefined ? {} : { hint }),
});

/** The run of one scenario, with its reports written. */
async function runOne(
  request: SuiteRequest,
  turn: Turn,
  labs: Labs,
  leavesLab: boolean,
  startedAt: number,
): Promise<ExperimentOutcome & { readonly folder: string }> {
  const folder = newRunId(turn.plan.name);
  const reportDirectory = join(request.reports, folder);
  await makeReportFolder(reportDirectory, request.reports);
  const outcome = await runExperiment({
    runId: folder,
    planned: turn,
    environment: labs.environment,
    labs,
    leavesLab,
    reportDirectory,
    startedAt,
    command: request.commandOf(turn.plan),
    signal: request.signal,
    watcher: request.watcherOf(turn.plan),
  });
  await writeReports(reportDirectory, outcome.report);
  return { ...outcome, folder };
}

function bug(error: unknown): OperatorError {
  const stack = String(error instanceof Error ? error.stack : error);
  return environmentError('this is a bug in Breakwater', `please report it with this: ${stack}`);
}

function assembleSuite(request: SuiteRequest, scenarios: readonly SuiteScenario[]): Suite {
  const { id, startedAt, command, seed, environmentOf, signal } = request;
  const [first] = request.scenarios;
  return {
    schema: SUITE_SCHEMA,
    ...conclude(scenarios, signal.aborted),
    run: {
      id,
      startedAt: new Date(startedAt).toISOString(),
      environment: first === undefined ? '' : environmentOf(first.mesh).name,
      breakwater: version,
      machine: thisMachine(),
      command: shellCommand(['npx', 'breakwater', ...command]),
      seed,
    },
    wallMs: Date.now() - startedAt,
    scenarios: [...scenarios],
  };
}
