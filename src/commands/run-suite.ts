import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { randomSeed } from '../../apps/edge-app/src/chance.ts';
import { environments, fetchEnvironment } from '../environments/index.ts';
import { planSuite } from '../experiment/plan-suite.ts';
import { newRunId } from '../experiment/run.ts';
import { scenarioFiles } from '../experiment/scenario-files.ts';
import { runSuite } from '../experiment/suite.ts';
import { type ExitCode, usageError } from '../kit/errors.ts';
import { formatMs, plural } from '../kit/format.ts';
import { createProgress } from '../kit/terminal.ts';
import type { Plan } from '../plan/contract.ts';
import { suiteFormats, writeSuite } from '../report/suite/index.ts';
import type { SuiteScenario } from '../report/suite/model.ts';
import { statusOf, suiteVerdictWords } from '../report/suite/words.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import { sweepLeftovers } from './cleanup.ts';
import { deliver } from './deliver.ts';
import { openLive } from './live.ts';
import { refuseFewFiles } from './preflight.ts';
import { pushMetrics } from './push-metrics.ts';
import type { RunOptions } from './run-options.ts';
import { scenarioArguments } from './scenario-options.ts';
import { watchRun } from './watch-run.ts';

/** Runs the scenarios of files and folders, and says what they come to together. */
export async function runScenarios(
  named: readonly string[],
  options: RunOptions,
  outer: AbortSignal,
  startedAt: number,
): Promise<ExitCode> {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  await using live = await openLive(options, named.join(', '), outer, progress);
  const { signal } = live;
  if (options.baseline !== undefined || options.saveBaseline !== undefined) {
    throw usageError('a baseline is of one scenario', 'run it alone with --baseline or --save-baseline');
  }
  const seed = options.seed ?? randomSeed();
  const { files, leftOut } = await scenarioFiles(named);
  if (leftOut.length > 0) progress.note(`no scenarios, and left out: ${leftOut.join(', ')}`);
  const { scenarios, withoutProfile } = await planSuite(
    files,
    options,
    { seed, environment: options.env },
    async (mesh, configuration, topologies) => {
      // All at once, before validation asks for one of them.
      await fetchEnvironment[options.env](mesh, topologies, progress, signal);
      await mesh.validate(configuration, progress, signal);
    },
  );
  if (options.env === 'local') for (const { plan } of scenarios) refuseFewFiles(plan);
  if (withoutProfile.length > 0) {
    const run = withoutProfile.length === 1 ? 'runs as it is' : 'run as they are';
    progress.note(`without a profile ${options.profile}, and ${run}: ${withoutProfile.join(', ')}`);
  }
  await sweepLeftovers(progress, signal, [options.env]);
  const id = newRunId('suite');
  const reports = resolve(options.reports);
  const directory = join(reports, id);
  await makeReportFolder(directory, options.reports);
  const suite = await runSuite({
    id,
    scenarios,
    environmentOf: (mesh) =>
      environments[options.env](mesh, progress, signal, { keep: options.keep ?? false }),
    reports,
    startedAt,
    command: shownArguments(process.argv.slice(2)),
    commandOf: (plan) => commandOf(plan, options),
    seed,
    freshLabs: options.freshLabs ?? false,
    failFast: options.failFast ?? false,
    signal,
    watcherOf: (plan) => live.watch(plan, watchRun(plan, progress)),
    watcher: {
      begins: (number, of, { name }) => progress.note(pc.bold(`${number} of ${of}: ${name}`)),
      ended: (scenario) => progress.note(`  ${endOf(scenario)}`),
    },
  }).finally(() => progress.done());
  await deliver({
    found: suite,
    directory,
    json: options.json ?? false,
    write: writeSuite,
    render: suiteFormats.terminal.render,
    hint: '--reports names another folder; the folders of the runs have their own reports',
  });
  const made = suite.scenarios.flatMap((each) => (each.ended === 'reported' ? [each.report] : []));
  await pushMetrics(options.metricsPush, made, progress);
  await live.ended({
    status: statusOf(suite.verdict),
    label: suiteVerdictWords[suite.verdict].label,
    summary: suite.summary,
    report: join(directory, suiteFormats.html.file),
  });
  return suite.exitCode as ExitCode;
}

/** Arguments that run one scenario as the suite ran it. */
function commandOf(plan: Plan, options: RunOptions): readonly string[] {
  const { profile: _, ...changes } = options;
  const own = plan.profile === undefined ? changes : { ...changes, profile: plan.profile };
  return shownArguments([
    'run',
    plan.file,
    ...scenarioArguments(own),
    ...(options.env === 'local' ? [] : ['--env', options.env]),
    ...(options.seed === undefined ? [] : ['--seed', String(options.seed)]),
    ...(options.keep ? ['--keep'] : []),
  ]);
}

function endOf(scenario: SuiteScenario): string {
  if (scenario.ended === 'not-run') return pc.dim('not run');
  if (scenario.ended === 'error') return pc.yellow(`error: ${scenario.error.message}`);
  const { verdict, checks } = scenario.report;
  const paint = { pass: pc.green, fail: pc.red, invalid: pc.yellow }[verdict];
  const held = checks.filter(({ status }) => status === 'pass').length;
  return `${paint(verdict)}, ${held} of ${plural(checks.length, 'check')}, ${formatMs(Math.round(scenario.wallMs / 100) * 100)}`;
}
