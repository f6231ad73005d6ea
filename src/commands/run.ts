import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseSeed, randomSeed, SEED_TEXT } from '../../apps/edge-app/src/chance.ts';
import {
  environmentCapabilities,
  environmentNames,
  environments,
  fetchEnvironment,
} from '../environments/index.ts';
import { planExperiment } from '../experiment/planned.ts';
import { newRunId, runExperiment } from '../experiment/run.ts';
import { isFolder } from '../experiment/scenario-files.ts';
import { everWritten } from '../experiment/steps.ts';
import { ExitCode } from '../kit/errors.ts';
import { createProgress } from '../kit/terminal.ts';
import { refuseUnfit } from '../plan/environments.ts';
import { reportFormats, writeReports } from '../report/index.ts';
import { verdictWords } from '../report/words.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import { refuseBaselines, saveBaseline, sayHeld } from './baseline.ts';
import { sweepLeftovers } from './cleanup.ts';
import { deliver } from './deliver.ts';
import { LIVE_TEXT, openLive } from './live.ts';
import { pathArgument } from './path-argument.ts';
import { refuseFewFiles } from './preflight.ts';
import { METRICS_PUSH_TEXT, pushAddress, pushMetrics } from './push-metrics.ts';
import type { RunOptions } from './run-options.ts';
import { runScenarios } from './run-suite.ts';
import { addScenarioOptions } from './scenario-options.ts';
import { watchRun } from './watch-run.ts';

export function runCommand(signal: AbortSignal, startedAt: number): Command {
  return addScenarioOptions(new Command('run'))
    .description('Run scenarios: mesh up, load, faults, verdict, report; nothing stays behind.')
    .argument(
      '<scenario...>',
      'scenario files, folders of them, and names of those that came along: several have one verdict together',
    )
    .addOption(new Option('--env <name>', 'where the mesh runs').choices(environmentNames).default('local'))
    .addOption(
      new Option('--seed <n>', 'draw the random choices of an earlier run again; its report says the seed')
        .argParser(readSeed)
        .default(undefined, 'a random one'),
    )
    .option('--reports <dir>', 'folder that gets a folder per run', pathArgument, 'reports')
    .option('--keep', 'leave the cluster of --env kind, and use the one that was left')
    .option('--json', 'print the report as JSON on standard output')
    .option('-q, --quiet', 'no progress, only the verdict')
    .option('--live', LIVE_TEXT)
    .option('--metrics-push <url>', METRICS_PUSH_TEXT, pushAddress)
    .option(
      '--save-baseline <file>',
      'add what was measured to this file, to hold later runs against',
      pathArgument,
    )
    .option('--baseline <file>', 'hold what was measured against the runs in this file', pathArgument)
    .addOption(
      new Option('--only <name>', 'of several scenarios the one of this name; repeatable')
        .argParser((name: string, before: readonly string[]) => [...before, name])
        .default([], 'all'),
    )
    .option('--fail-fast', 'of several scenarios none after the first that does not pass')
    .option(
      '--fresh-labs',
      'a lab of its own for each of several scenarios, also where their topologies are the same',
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 pass, 1 fail, 2 mistake in the scenario, 3 invalid run, 4 environment error, 130 interrupted.
Of several scenarios: 130 when interrupted; else 1 when any failed; else 2 or 4 when any has no report; else 3 when
any is invalid; 0 when all passed. Mistakes in any of them are told before the first one starts.

With --baseline a run that passes ends with 1 when it is worse than the runs in that file, and with 3 when they give
no verdict: they have to be of the same experiment, kind of machine and programs, recent, and enough.

Of a folder, the scenarios that are directly in it are run, by name. Those with the same topology share a lab, one
after the other. --set and --config change all of them, --profile those that have such a profile.

Examples:
  $ npx breakwater run circuit-breaker
  $ npx breakwater run scenarios/zone-failover.yaml --config my-destination-rules.yaml
  $ npx breakwater run scenarios/outlier-ejection.yaml --set load.rate=400/s --set checks.0.atMost=2s
  $ npx breakwater run scenarios/ --profile short
  $ npx breakwater run scenarios/zone-failover.yaml --live
  $ npx breakwater run scenarios/ my-scenarios/ --only mtls --only authorization --fail-fast`,
    )
    .action(async (named: readonly string[], options: RunOptions) => {
      const [file] = named;
      const alone = file !== undefined && named.length === 1 && options.only.length === 0;
      process.exitCode =
        alone && !(await isFolder(file))
          ? await runScenario(file, options, signal, startedAt)
          : await runScenarios(named, options, signal, startedAt);
    });
}

function readSeed(text: string): number {
  const seed = parseSeed(text);
  if (seed === undefined) throw new InvalidArgumentError(`It takes ${SEED_TEXT}.`);
  return seed;
}

/** Runs one scenario to its report, and says what came of it. */
export async function runScenario(
  file: string,
  options: RunOptions,
  outer: AbortSignal,
  startedAt: number,
): Promise<ExitCode> {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const planned = await planExperiment(file, options, options.seed ?? randomSeed());
  const { plan, mesh, configuration } = planned;
  refuseUnfit(planned, options.env, environmentCapabilities, planned.locate);
  if (options.env === 'local') refuseFewFiles(plan);
  await using live = await openLive(options, plan.name, outer, progress);
  const { signal } = live;
  await refuseBaselines(options, plan.name, options.env);
  await sweepLeftovers(progress, signal, [options.env]);
  const runId = newRunId(plan.name);
  const reportDirectory = join(resolve(options.reports), runId);
  const environment = environments[options.env](mesh, progress, signal, { keep: options.keep ?? false });
  // All at once, before validation asks for one of them.
  await fetchEnvironment[options.env](mesh, [plan.topology], progress, signal);
  await mesh.validate(everWritten([configuration, ...planned.steps]), progress, signal);
  await makeReportFolder(reportDirectory, options.reports);
  const { report, refused } = await runExperiment({
    runId,
    planned,
    environment,
    reportDirectory,
    startedAt,
    command: shownArguments(process.argv.slice(2)),
    signal,
    watcher: live.watch(plan, watchRun(plan, progress)),
  }).finally(() => progress.done());
  await deliver({
    found: report,
    directory: reportDirectory,
    json: options.json ?? false,
    write: writeReports,
    render: reportFormats.terminal.render,
    hint: '--reports names another folder; npx breakwater report makes the others out of a report.json that is whole',
  });
  await pushMetrics(options.metricsPush, [report], progress);
  await live.ended({
    status: report.verdict,
    label: verdictWords[report.verdict].label,
    summary: report.summary,
    report: join(reportDirectory, reportFormats.html.file),
  });
  if (report.interrupted) return ExitCode.interrupted;
  if (refused !== undefined) throw refused;
  if (options.saveBaseline !== undefined) await saveBaseline(options.saveBaseline, report, progress);
  return options.baseline === undefined
    ? ExitCode[report.verdict]
    : sayHeld(options.baseline, report, progress, options.json ?? false);
}
