import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { analyse } from '../analysis/analyse.ts';
import { environmentNames, environments } from '../environments/index.ts';
import { planExperiment } from '../experiment/planned.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { shellCommand } from '../kit/shell.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import type { PlannedLoad } from '../load/contract.ts';
import type { Plan } from '../plan/contract.ts';
import { refuseForeignFaults } from '../plan/environments.ts';
import { terminal, writeReports } from '../report/index.ts';
import { REPORT_SCHEMA, type Report } from '../report/model.ts';
import { configuredDocker } from '../runs/clusters.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { type RunOutcome, type RunWatcher, run } from '../trial/run.ts';
import { version } from '../version.ts';
import { sweepLeftovers } from './cleanup.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';

interface RunOptions extends ScenarioOptions {
  readonly env: (typeof environmentNames)[number];
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
    .option('--reports <dir>', 'folder that gets a folder per run', 'reports')
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

async function runScenario(
  file: string,
  options: RunOptions,
  signal: AbortSignal,
  startedAt: number,
): Promise<ExitCode> {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const { plan, mesh, configuration } = await planExperiment(file, options);
  refuseForeignFaults(plan, options.env);
  await sweepLeftovers(progress, signal, options.env === 'kind' ? configuredDocker() : undefined);
  const runId = newRunId(plan.name);
  const reportDirectory = join(resolve(options.reports), runId);
  const environment = environments[options.env](mesh, progress, signal, { keep: options.keep ?? false });
  await mesh.validate(configuration, progress, signal);
  await makeReportFolder(reportDirectory, options.reports);
  let outcome: RunOutcome;
  try {
    outcome = await run({
      runId,
      plan,
      configuration,
      environment,
      mesh,
      reportDirectory,
      signal,
      watcher: watch(plan, progress),
    });
  } catch (error) {
    throw naming(join(reportDirectory, 'logs'), error);
  } finally {
    progress.done();
  }
  const analysed = await analyse({
    plan,
    directory: join(reportDirectory, 'evidence'),
    knowledge: mesh,
    resources: configuration.resources,
  });
  const wallMs = Date.now() - startedAt;
  const report: Report = {
    schema: REPORT_SCHEMA,
    ...analysed,
    interrupted: outcome.interrupted || signal.aborted,
    run: {
      id: runId,
      startedAt: new Date(startedAt).toISOString(),
      environment: environment.name,
      mesh: outcome.mesh,
      breakwater: version,
      programs: outcome.programs,
      machine: {
        cpus: cpus().length,
        memoryBytes: totalmem(),
        platform: `${process.platform} ${process.arch}`,
      },
      command: shellCommand(['npx', 'breakwater', ...process.argv.slice(2)]),
    },
    scenario: {
      name: plan.name,
      description: plan.description,
      file,
      ...(plan.profile === undefined ? {} : { profile: plan.profile }),
      load: plan.trial.loads.map(describeLoad).join('; '),
    },
    timing: {
      toFirstRequestMs: outcome.firstRequestAt - startedAt,
      loadMs: outcome.loadMs,
      wallMs,
      overheadMs: wallMs - outcome.loadMs,
    },
    configuration: configuration.files.map(({ file: name, content }) => ({ file: name, content })),
  };
  await writeReports(reportDirectory, report);
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    process.stdout.write(
      terminal(report, {
        color: pc.isColorSupported,
        width: process.stdout.columns || 100,
        directory: relative(process.cwd(), reportDirectory) || '.',
      }),
    );
  }
  if (report.interrupted) return ExitCode.interrupted;
  return ExitCode[report.verdict];
}

/** The error of a run without a report, with the folder of what its programs said last. */
function naming(logs: string, error: unknown): unknown {
  if (!(error instanceof OperatorError) || error.exitCode !== ExitCode.environment) return error;
  if (!existsSync(logs) || readdirSync(logs).length === 0) return error;
  const where = `logs are in ${relative(process.cwd(), logs)}`;
  const hint = error.hint === undefined ? where : `${error.hint}\n${where}`;
  return new OperatorError(error.message, { hint, exitCode: error.exitCode, cause: error.cause });
}

function watch(plan: Plan, progress: Progress): RunWatcher {
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

/** "circuit-breaker-20261122-184227-3f9a": sorts by time within a scenario. */
function newRunId(scenario: string): string {
  const stamp = new Date()
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${scenario}-${stamp}-${randomBytes(2).toString('hex')}`;
}

function describeLoad({ from, to, shape, durationMs, peakRate }: PlannedLoad): string {
  const seconds = `${durationMs / 1_000} s`;
  const way = `from ${from} to ${to}`;
  switch (shape.kind) {
    case 'script':
      return `${shape.file}, ${way}`;
    case 'closed':
      return `closed loop of ${shape.users} users for ${seconds}, ${way}`;
    case 'stages':
      return `up to ${peakRate} requests/s in ${shape.stages.length} stages over ${seconds}, ${way}`;
    case 'rate':
      return `${shape.rate} requests/s for ${seconds}, ${way}`;
  }
}
