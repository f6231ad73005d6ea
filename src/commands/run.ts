import { join, relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { parseSeed, randomSeed, SEED_TEXT } from '../../apps/edge-app/src/chance.ts';
import {
  type EnvironmentName,
  environmentCapabilities,
  environmentNames,
  environments,
} from '../environments/index.ts';
import { planExperiment } from '../experiment/planned.ts';
import { type ExperimentWatcher, newRunId, runExperiment } from '../experiment/run.ts';
import { ExitCode, environmentError } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import type { Plan } from '../plan/contract.ts';
import { refuseUnfit } from '../plan/environments.ts';
import { reportFormats, writeReports } from '../report/index.ts';
import { configuredDocker } from '../runs/clusters.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import { sweepLeftovers } from './cleanup.ts';
import { pathArgument } from './path-argument.ts';
import { refuseFewFiles } from './preflight.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';

interface RunOptions extends ScenarioOptions {
  readonly env: EnvironmentName;
  readonly seed?: number;
  readonly reports: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly keep?: boolean;
}

export function runCommand(signal: AbortSignal, startedAt: number): Command {
  return addScenarioOptions(new Command('run'))
    .description('Run a scenario: mesh up, load, faults, verdict, report; nothing stays behind.')
    .argument('<scenario>', 'scenario file')
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
    .addHelpText(
      'after',
      `
Exit codes: 0 pass, 1 fail, 2 mistake in the scenario, 3 invalid run, 4 environment error, 130 interrupted.

Examples:
  $ npx breakwater run scenarios/circuit-breaker.yaml
  $ npx breakwater run scenarios/zone-failover.yaml --config my-destination-rules.yaml
  $ npx breakwater run scenarios/outlier-ejection.yaml --set load.rate=400/s --set checks.0.atMost=2s`,
    )
    .action(async (file: string, options: RunOptions) => {
      process.exitCode = await runScenario(file, options, signal, startedAt);
    });
}

function readSeed(text: string): number {
  const seed = parseSeed(text);
  if (seed === undefined) throw new InvalidArgumentError(`It takes ${SEED_TEXT}.`);
  return seed;
}

async function runScenario(
  file: string,
  options: RunOptions,
  signal: AbortSignal,
  startedAt: number,
): Promise<ExitCode> {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const planned = await planExperiment(file, options, options.seed ?? randomSeed());
  const { plan, mesh, configuration } = planned;
  refuseUnfit(plan, options.env, environmentCapabilities, planned.locate);
  if (options.env === 'local') refuseFewFiles(plan);
  await sweepLeftovers(progress, signal, options.env === 'kind' ? configuredDocker() : undefined);
  const runId = newRunId(plan.name);
  const reportDirectory = join(resolve(options.reports), runId);
  const environment = environments[options.env](mesh, progress, signal, { keep: options.keep ?? false });
  await mesh.validate(configuration, progress, signal);
  await makeReportFolder(reportDirectory, options.reports);
  const report = await runExperiment({
    runId,
    planned,
    environment,
    reportDirectory,
    startedAt,
    command: shownArguments(process.argv.slice(2)),
    signal,
    watcher: watch(plan, progress),
  }).finally(() => progress.done());
  // What is known is said, whatever becomes of the files.
  const unwritten = await writeReports(reportDirectory, report).then(
    () => undefined,
    (error: Error) =>
      environmentError(
        `not all of the reports could be written into ${reportDirectory}: ${error.message}`,
        '--reports names another folder; npx breakwater report makes the others out of a report.json that is whole',
        error,
      ),
  );
  if (options.json) printJson(report);
  else {
    print(
      reportFormats.terminal.render(report, {
        color: pc.isColorSupported,
        width: process.stdout.columns || 100,
        ...(unwritten ? {} : { directory: relative(process.cwd(), reportDirectory) || '.' }),
      }),
    );
  }
  if (unwritten) throw unwritten;
  if (report.interrupted) return ExitCode.interrupted;
  return ExitCode[report.verdict];
}

function watch(plan: Plan, progress: Progress): ExperimentWatcher {
  return {
    step: (text) => progress.step(text),
    ongoing: (text) => progress.ongoing(text),
    warn: (text) => progress.warn(text),
    fault: (text) => progress.note(`  ${pc.yellow('fault')} ${text}`),
    load(atMs, totalMs, latest) {
      const on = plan.trial.faults
        .filter((fault) => fault.atMs <= atMs && atMs < fault.atMs + fault.forMs)
        .map(({ name }) => name);
      const sums = latest.reduce(
        (sum, sample) => ({
          active: sum.active + sample.active,
          overflow: sum.overflow + sample.overflow,
          ejected: sum.ejected + sample.ejectionsActive,
        }),
        { active: 0, overflow: 0, ejected: 0 },
      );
      const seconds = (ms: number) => Math.round(ms / 1_000);
      progress.status(
        [
          `load ${Math.min(seconds(atMs), seconds(totalMs))}/${seconds(totalMs)} s`,
          `${sums.active} in flight`,
          `${sums.ejected} ejected`,
          `${sums.overflow} overflowed`,
          ...(on.length > 0 ? [`fault: ${on.join(', ')}`] : []),
        ].join(' · '),
      );
    },
  };
}
