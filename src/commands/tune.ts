import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  type EnvironmentName,
  environmentCapabilities,
  environmentNames,
  environments,
  environmentUsualMs,
  fetchEnvironment,
} from '../environments/index.ts';
import { type Planned, planExperiment } from '../experiment/planned.ts';
import { newRunId } from '../experiment/run.ts';
import { usageError } from '../kit/errors.ts';
import { fingerprint } from '../kit/fingerprint.ts';
import { formatMs, formatRate, plural } from '../kit/format.ts';
import { print } from '../kit/output.ts';
import { createProgress } from '../kit/terminal.ts';
import type { Plan, TrialPlan } from '../plan/contract.ts';
import { refuseUnfit } from '../plan/environments.ts';
import { tuningTerminal, writeTuning } from '../report/tuning/index.ts';
import { tuningWords } from '../report/tuning/model.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import type { Question } from '../tuning/contract.ts';
import { readEarlier } from '../tuning/earlier.ts';
import { estimate } from '../tuning/estimate.ts';
import { beginJournal, resumeJournal } from '../tuning/journal.ts';
import { describeObjective } from '../tuning/objective.ts';
import { type Asked, callsOf, readQuestion, type TuningOptions } from '../tuning/question.ts';
import { assembleTuning } from '../tuning/report.ts';
import { shapesOf } from '../tuning/scaling.ts';
import { HeldBack, OutOfReach } from '../tuning/strategy.ts';
import { trialPlan } from '../tuning/trial.ts';
import { type TuningEnd, tune } from '../tuning/tune.ts';
import { destinationOf } from '../tuning/write.ts';
import { sweepLeftovers } from './cleanup.ts';
import { deliver } from './deliver.ts';
import { LIVE_TEXT, openLive } from './live.ts';
import { pathArgument } from './path-argument.ts';
import { refuseFewFiles } from './preflight.ts';
import { interrupted } from './resumable.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';
import { watchSearch } from './tuning-progress.ts';
import { watchRun } from './watch-run.ts';

interface TuneOptions extends ScenarioOptions, TuningOptions {
  readonly write?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly env: EnvironmentName;
  readonly keep?: boolean;
  readonly verifyScaling?: boolean;
  readonly reports: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly live?: boolean;
}

const notes = `
The search measures the service without limits, reckons where the limits lie (Little's law, a queueing model), and
looks for the smallest of each with which the objective holds at the nominal rate and its headroom; trials that prove
nothing are repeated and do not count. It then proves them: there, and under overload, where the excess has to be
refused quickly and who is let in answered in time. Last it looks for the highest rate at which the objective holds.
Only the topology, the mesh configuration and the request of the scenario are used; its faults, changes, probes and
checks are not. Before it starts it says how long it will take; on kind it makes fewer trials for a wider answer.
With --verify-scaling every shape gets a lab of its own after the search, beyond its budget: on kind use --keep.

Exit codes: 0 found and proven, 1 no limits meet the objective, 2 a mistake, or an objective out of reach without
limits too, 3 the budget was used up before a proof, or trials prove nothing here, 4 environment error, 130 interrupted.

Examples:
  $ npx breakwater tune scenarios/circuit-breaker.yaml --slo 'p95 < 50ms, success >= 99.9%'
  $ npx breakwater tune my-shop.yaml --slo 'p99 < 200ms, success >= 99.9%' --overload 3 --write mesh/cart.yaml
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --limits tcp.maxConnections --budget 40
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --from reports/my-shop-20261126-101500-3f9a
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --verify-scaling
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --limits maxRequestsPerConnection
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --env kind --keep
  $ npx breakwater tune my-shop.yaml --slo 'p95 < 80ms, success >= 99%' --resume reports/tune-my-shop-20261126-101500-3f9a`;

/** `tune`: the smallest pool limits with which an objective holds, proven on a lab. */
export function tuneCommand(signal: AbortSignal, startedAt: number): Command {
  return addScenarioOptions(new Command('tune'))
    .description('Find the smallest pool limits that meet an objective, and prove them.')
    .argument('<scenario>', 'scenario file with one load, or the name of one that came along')
    .requiredOption('--slo <objective>', "what has to hold: 'p99 < 50ms, success >= 99.9%'")
    .addOption(
      new Option(
        '--limits <names>',
        'what is searched: tcp.maxConnections, http.http1MaxPendingRequests, http.http2MaxRequests, http.maxRequestsPerConnection; unless given the first two, over HTTP/2 the third',
      ),
    )
    .addOption(
      new Option('--bounds <limit=low..high>', 'where one of them is looked for; repeatable')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'around what theory says'),
    )
    .addOption(new Option('--rate <rate>', "the nominal rate; the scenario's unless given"))
    .option('--overload <factor>', 'how many times the nominal rate may come', '2')
    .option('--headroom <share>', 'how much more than the nominal rate has to be within the objective', '10%')
    .option(
      '--budget <time or trials>',
      'what may be used up: 40 trials, or a time; unless given 4m, where trials are slow (kind) 12m',
    )
    .addOption(new Option('--env <name>', 'where the mesh runs').choices(environmentNames).default('local'))
    .option('--keep', 'leave the cluster of --env kind, and use the one that was left')
    .option(
      '--verify-scaling',
      'tries what is found with one more client, one replica less, a zone lost and a rolling restart',
    )
    .option('--write <file>', 'puts the limits into this file, and changes nothing else in it', pathArgument)
    .option('--from <folder>', 'draws on an earlier run of the same scenario: its folder', pathArgument)
    .option('--resume <folder>', 'goes on with an interrupted search: its folder in --reports', pathArgument)
    .option('--reports <dir>', 'folder that gets a folder per search', pathArgument, 'reports')
    .option('--json', 'print the report as JSON on standard output')
    .option('-q, --quiet', 'no progress, only the result')
    .option('--live', LIVE_TEXT)
    .addHelpText('after', notes)
    .action(async (file: string, options: TuneOptions) => {
      process.exitCode = await tuneScenario(file, options, signal, startedAt);
    });
}

async function tuneScenario(file: string, options: TuneOptions, outer: AbortSignal, startedAt: number) {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const planned = withoutRelays(await planExperiment(file, options));
  const { plan, mesh, configuration } = planned;
  refuseUnfit({ plan: usedOf(plan), mesh }, options.env, environmentCapabilities, planned.locate);
  const usualMs = environmentUsualMs[options.env];
  const asked = await askedIn(planned, options, usualMs.besideLoad);
  const destination =
    options.write === undefined
      ? undefined
      : destinationOf(options.write, mesh, callsOf(asked.load, plan.topology));
  if (options.env === 'local') refuseFewFiles({ ...plan, trial: largestTrial(plan, asked) });
  const { runId, directory, journal: opened } = await openJournal(file, options, planned, asked);
  using journal = opened;
  await using live = await openLive(options, `limits for ${asked.load.to}`, outer, progress);
  const { signal } = live;
  await sweepLeftovers(progress, signal, [options.env]);
  const environment = environments[options.env](mesh, progress, signal, { keep: options.keep ?? false });
  await fetchEnvironment[options.env](mesh, [plan.topology], progress, signal);
  await mesh.validate(configuration, progress, signal);
  const command = shownArguments(process.argv.slice(2));
  const { verifyScaling = false } = options;
  progress.note(announced(plan, asked, usualMs, verifyScaling));
  const tuned = await tune({
    runId,
    planned,
    ...asked,
    environment,
    directory,
    command,
    journal,
    verifyScaling,
    restartMs: usualMs.besideLoad,
    signal,
    watcher: {
      ...live.watch(plan, watchRun(plan, progress)),
      ...watchSearch(asked.question.budget, progress),
    },
  })
    .catch((error: unknown) => {
      throw explained(error, asked.question, directory, signal);
    })
    .finally(() => progress.done());
  const report = assembleTuning(
    {
      id: runId,
      startedAt,
      command,
      environment: environment.name,
      plan,
      mesh,
      asked,
      records: journal.records,
    },
    tuned,
  );
  await deliver({
    found: report,
    directory,
    json: options.json ?? false,
    write: writeTuning,
    render: tuningTerminal,
    hint: '--reports names another folder; the trials are in its journal',
  });
  await putInto(destination, tuned.end, options);
  const { label, status } = tuningWords[report.ended];
  await live.ended({ status, label, summary: report.summary, report: join(directory, 'report.html') });
  return report.exitCode;
}

/** What of a plan searches use; its faults, changes and probes are not among it. */
const usedOf = (plan: Plan): Plan => ({
  ...plan,
  trial: { ...plan.trial, faults: [], changes: [], probes: [] },
});

/** The same without what only faults would need, which are not made. */
function withoutRelays({ plan, ...planned }: Planned): Planned {
  const { links: _ofFaults, ...topology } = plan.topology;
  return { ...planned, plan: { ...plan, topology } };
}

/** The trial with the most requests under way: nobody is limited, and all that may come does. */
function largestTrial({ trial }: Plan, { load, question }: Asked): TrialPlan {
  const rate = question.rate * question.overload;
  const ask = { purpose: 'without limits', judged: 'overload', rate, limits: 'none' } as const;
  return trialPlan(load, ask, question, trial.configuration);
}

/** How long it will take, said before anything starts. */
function announced(
  { topology }: Plan,
  { question, load }: Asked,
  usualMs: Parameters<typeof estimate>[2],
  verifyScaling: boolean,
): string {
  const shapes = verifyScaling ? shapesOf(topology, load, question.limitsAtServers) : [];
  const { trials, ms } = estimate(question, shapes, usualMs);
  const { budget } = question;
  const most =
    budget.trials === Number.MAX_SAFE_INTEGER ? formatMs(budget.ms) : plural(budget.trials, 'trial');
  const beyond =
    shapes.length === 0 ? '' : `, other shapes (${shapes.map(({ name }) => name).join(', ')}) beside`;
  return `about ${plural(trials, 'trial')} of ${formatMs(question.trialMs + usualMs.besideLoad)}, ${formatMs(Math.ceil(ms / 30_000) * 30_000)} in all; --budget ends it after ${most}${beyond}`;
}

/** What is asked, with what an earlier run says of it. */
async function askedIn(planned: Planned, options: TuneOptions, besideLoadMs: number): Promise<Asked> {
  const asked = readQuestion(planned, options, besideLoadMs);
  if (options.from === undefined) return asked;
  const { load, question } = asked;
  const earlier = await readEarlier(options.from, { planned, load, environment: options.env });
  return { ...asked, question: { ...question, earlier } };
}

/** A new folder with a journal, or the one that is gone on with. */
async function openJournal(
  file: string,
  options: TuneOptions,
  { plan, configuration }: Planned,
  asked: Asked,
) {
  const { budget: _, ...question } = asked.question;
  const head = {
    scenario: file,
    slo: describeObjective(question.objective),
    fingerprint: fingerprint(JSON.stringify([plan, configuration.files, question])),
  };
  if (options.resume !== undefined) {
    const directory = resolve(options.resume);
    const journal = resumeJournal(directory, head);
    return { runId: newRunId(`tune-${plan.name}`), directory, journal };
  }
  const runId = newRunId(`tune-${plan.name}`);
  const directory = join(resolve(options.reports), runId);
  await makeReportFolder(directory, options.reports);
  return { runId, directory, journal: beginJournal(directory, head) };
}

/** What an operator needs to know of a search that came to no conclusion. */
function explained(error: unknown, question: Question, directory: string, signal: AbortSignal): unknown {
  if (error instanceof OutOfReach) {
    const { rate, headroom, objective } = question;
    return usageError(
      `--slo: ${describeObjective(objective)} is out of reach even without limits, at ${formatRate(rate * (1 + headroom))}: ${error.told.missed.join('; ')}`,
      'give an objective that the service meets when nobody limits it, a lower --rate, or more replicas',
    );
  }
  if (error instanceof HeldBack) {
    const { limit, value, underWay } = error;
    const alike = limit === 'http.http2MaxRequests' ? '; it refuses over HTTP/1.1, too' : '';
    return usageError(
      `${limit} is written as ${value} and is not looked for: about ${Number(underWay.toPrecision(3))} requests are under way at each pool, so it refuses some whatever else is found${alike}`,
      `take it out, write a larger one, or look for it: --limits ${limit}`,
    );
  }
  return signal.aborted ? interrupted(signal, 'trials', directory) : error;
}

async function putInto(
  destination: ReturnType<typeof destinationOf> | undefined,
  end: TuningEnd,
  { json }: TuneOptions,
): Promise<void> {
  if (destination === undefined || end.ended !== 'found' || end.limits === undefined) return;
  await destination.write(end.limits);
  if (!json) print(` ${destination.file} has these limits now\n`);
}
