import { basename, extname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseSeed, randomSeed, SEED_TEXT } from '../../apps/edge-app/src/chance.ts';
import { type ComparisonEnd, compareSides } from '../comparison/compare.ts';
import { beginJournal, isRound, type Journal, journalSeed, resumeJournal } from '../comparison/journal.ts';
import { LabRounds } from '../comparison/lab-rounds.ts';
import {
  areTheSame,
  decisiveOf,
  fitOneLab,
  type Prepared,
  prepareSide,
  sameLoads,
} from '../comparison/prepare.ts';
import { type ComparisonOptions, type Question, readQuestion } from '../comparison/question.ts';
import { assembleComparison } from '../comparison/report.ts';
import { type OnBoth, onBoth, readSide, type Side, type SideName } from '../comparison/sides.ts';
import {
  type EnvironmentName,
  environmentNames,
  environments,
  fetchEnvironment,
} from '../environments/index.ts';
import { newRunId } from '../experiment/run.ts';
import { everWritten } from '../experiment/steps.ts';
import { ExitCode, usageError } from '../kit/errors.ts';
import { fingerprint } from '../kit/fingerprint.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import { comparisonFormats, writeComparison } from '../report/comparison/index.ts';
import { comparisonWords } from '../report/comparison/model.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import { version } from '../version.ts';
import { sweepLeftovers } from './cleanup.ts';
import { watchComparison } from './comparison-progress.ts';
import { deliver } from './deliver.ts';
import { LIVE_TEXT, type Live, openLive } from './live.ts';
import { pathArgument } from './path-argument.ts';
import { refuseFewFiles } from './preflight.ts';
import { interrupted } from './resumable.ts';
import { runScenario } from './run.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';
import { watchRun } from './watch-run.ts';

interface CompareOptions extends ScenarioOptions, ComparisonOptions {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly env: EnvironmentName;
  readonly seed?: number;
  readonly inconclusive: 'fail' | 'pass';
  readonly baseline?: string;
  readonly resume?: string;
  readonly reports: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly live?: boolean;
}

const notes = `
Each side is the scenario with something changed, given once for each part; without --a, A is the scenario as it is:
  config:PATH         mesh configuration, a file or folder (a path alone means the same)
  set:PATH=VALUE      a value of the scenario, as with --set: set:load.rate=400/s
  profile:NAME        one of its profiles
  env:NAME            where the mesh runs
  git:COMMIT          the scenario and its files at a commit: git:main; B is then what is there now unless --b says more
  mesh:VERSION        the version of the mesh, mesh:1.28.3, or which mesh: mesh:consul
  envoy:VERSION       the Envoy of every sidecar, on the local lab: envoy:1.40.0, or the path of one
  app:COMMAND         what runs in the place of the sample app; with env:kind an image
--config, --set and --profile change both. Where only mesh configuration, loads, faults or checks differ, both sides
take turns in one lab; otherwise each has a lab of its own, beside the other.

Rounds of A and B alternate in pairs, in an order by lot. A round that proves nothing is made again. The comparison ends
as soon as it is clear: with at most 1 % anything is called regressed where nothing is, over all metrics and however
often it looks; "same" is proven against the margin of each metric and never assumed.

Exit codes: 0 not worse, 1 regressed, 2 a mistake, 3 inconclusive (0 with --inconclusive pass) or rounds that prove
nothing, 4 environment error, 130 interrupted.

Examples:
  $ npx breakwater compare my-shop.yaml --b mesh/new-retries.yaml
  $ npx breakwater compare my-shop.yaml --a config:mesh/now --b config:mesh/next --metrics p50,p95,errors,attempts
  $ npx breakwater compare my-shop.yaml --b set:topology.services.cart.workloads.0.replicas=3 --budget 20m
  $ npx breakwater compare my-shop.yaml --a git:origin/main
  $ npx breakwater compare my-shop.yaml --baseline baseline.json
  $ npx breakwater compare my-shop.yaml --a mesh:1.28.3 --b mesh:1.29.1 --margin p99=10%`;

/** `compare`: whether B is worse than A, and how sure that is. */
export function compareCommand(signal: AbortSignal, startedAt: number): Command {
  return addScenarioOptions(new Command('compare'))
    .description('Compare two variants of a scenario and say whether the second is worse.')
    .argument('<scenario>', 'scenario file, or the name of one that came along')
    .addOption(sideOption('a', 'what there is; see below'))
    .addOption(sideOption('b', 'what is to take its place; see below'))
    .addOption(
      new Option('--env <name>', 'where the mesh of both runs').choices(environmentNames).default('local'),
    )
    .addOption(
      new Option('--metrics <names>', 'what is judged: p50,p99,errors').default(undefined, 'all there are'),
    )
    .addOption(
      new Option(
        '--margin <metric=percent>',
        'by how much it may be worse; without a metric, of all; repeatable',
      )
        .argParser(collect)
        .default([], 'of each metric its own'),
    )
    .option('--rounds <n>', 'at most so many rounds on each side', '80')
    .option('--budget <time>', 'how long it may go on', '30m')
    .addOption(
      new Option('--seed <n>', 'draw the order of an earlier comparison again')
        .argParser(readSeed)
        .default(undefined, 'a random one'),
    )
    .addOption(
      new Option('--inconclusive <outcome>', 'what it is when rounds cannot tell')
        .choices(['fail', 'pass'])
        .default('fail'),
    )
    .option(
      '--baseline <file>',
      'in place of A and B: holds one run against those in this file, which run --save-baseline writes',
      pathArgument,
    )
    .option(
      '--resume <folder>',
      'goes on with an interrupted comparison: its folder in --reports',
      pathArgument,
    )
    .option('--reports <dir>', 'folder that gets a folder per comparison', pathArgument, 'reports')
    .option('--json', 'print the comparison as JSON on standard output')
    .option('-q, --quiet', 'no progress, only the result')
    .option('--live', LIVE_TEXT)
    .addHelpText('after', notes)
    .action(async (file: string, options: CompareOptions) => {
      process.exitCode =
        options.baseline === undefined
          ? await compareScenario(file, options, signal, startedAt)
          : await compareWithBaseline(file, options, options.baseline, signal, startedAt);
    });
}

/** One run beside those of a file: what that cannot show, it says. */
async function compareWithBaseline(
  file: string,
  { a, b, resume, inconclusive, ...options }: CompareOptions,
  baseline: string,
  signal: AbortSignal,
  startedAt: number,
): Promise<ExitCode> {
  if (a.length > 0 || b.length > 0 || resume !== undefined) {
    throw usageError('--baseline takes the place of --a and --b', 'leave those out, and --resume too');
  }
  const code = await runScenario(file, { ...options, baseline, only: [] }, signal, startedAt);
  return code === ExitCode.invalid && inconclusive === 'pass' ? ExitCode.pass : code;
}

const collect = (value: string, previous: readonly string[]) => [...previous, value];

const sideOption = (side: SideName, text: string) =>
  new Option(`--${side} <what>`, `${text}; repeatable`)
    .argParser(collect)
    .default([], side === 'a' ? 'the scenario as it is' : 'none');

function readSeed(text: string): number {
  const seed = parseSeed(text);
  if (seed === undefined) throw new InvalidArgumentError(`It takes ${SEED_TEXT}.`);
  return seed;
}

async function compareScenario(file: string, options: CompareOptions, outer: AbortSignal, startedAt: number) {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const question = readQuestion(options);
  const sides = onBoth((name) => readSide(`--${name}`, options[name]));
  refuseNothing(options);
  const seed = options.seed ?? seedOfResumed(options) ?? randomSeed();
  await using live = await openLive(options, titleOf(file, sides), outer, progress);
  const { signal } = live;
  const common = { ...options, file, seed, progress, signal };
  await using a = await prepareSide('a', sides.a, common);
  await using b = await prepareSide('b', sides.b, common);
  const both: OnBoth<Prepared> = { a, b };
  for (const { planned, env } of [a, b]) if (env === 'local') refuseFewFiles(planned.plan);
  const inOneLab = fitOneLab(both);
  const { plan } = (a.at === undefined ? a : b).planned;
  await sweepLeftovers(
    progress,
    signal,
    [a, b].map(({ env }) => env),
  );
  for (const { planned, env } of [a, b]) {
    await fetchEnvironment[env](planned.mesh, [planned.plan.topology], progress, signal);
    await planned.mesh.validate(everWritten([planned.configuration, ...planned.steps]), progress, signal);
  }
  const { runId, directory, journal: opened } = await openJournal(file, options, both, question, seed);
  using journal = opened;
  say(both, inOneLab, seed, progress);
  const command = shownArguments(process.argv.slice(2));
  const end = await onLabs({
    both,
    inOneLab,
    question,
    seed,
    runId,
    directory,
    command,
    journal,
    progress,
    live,
  })
    .catch((error: unknown) => {
      throw signal.aborted ? interrupted(signal, 'rounds', directory) : error;
    })
    .finally(() => progress.done());
  const report = assembleComparison(
    {
      id: runId,
      startedAt,
      command,
      plan,
      sides: onBoth((name) => both[name].side),
      environments: onBoth((name) => both[name].env),
      inOneLab,
      seed,
      mostPairs: question.mostPairs,
      inconclusivePasses: options.inconclusive === 'pass',
      records: journal.records.filter(isRound),
    },
    end,
  );
  await deliver({
    found: report,
    directory,
    json: options.json ?? false,
    write: writeComparison,
    render: comparisonFormats.terminal.render,
    hint: '--reports names another folder; the rounds are in its journal',
  });
  const { status, label } = comparisonWords[report.ended];
  await live.ended({
    status,
    label,
    summary: report.summary,
    report: join(directory, comparisonFormats.html.file),
  });
  return report.exitCode;
}

/** Compares, and takes the labs down. */
async function onLabs(about: {
  readonly both: OnBoth<Prepared>;
  readonly inOneLab: boolean;
  readonly question: Question;
  readonly seed: number;
  readonly runId: string;
  readonly directory: string;
  readonly command: readonly string[];
  readonly journal: Journal;
  readonly progress: Progress;
  readonly live: Live;
}): Promise<ComparisonEnd> {
  const { both, inOneLab, question, seed, runId, directory, command, journal, progress, live } = about;
  const { signal } = live;
  const { plan } = both.a.planned;
  const { under, ...watcher } = watchComparison(question, progress, live);
  await using rounds = new LabRounds({
    runId,
    planned: onBoth((name) => both[name].planned),
    environments: onBoth((name) => {
      const { env, planned, own } = both[name];
      return environments[env](planned.mesh, progress, signal, own);
    }),
    inOneLab,
    directory: join(directory, 'rounds'),
    command,
    signal,
    watcher: live.watch(plan, { ...watchRun(plan, progress), ...watcher }, under),
  });
  return await compareSides({ rounds, inOneLab, question, seed, journal, watcher });
}

function refuseNothing({ a, b }: CompareOptions): void {
  // What is there now takes the place of what was there at a commit.
  if (b.length > 0 || a.some((part) => part.startsWith('git:'))) return;
  throw usageError(
    a.length > 0
      ? '--b is missing: A is compared with nothing'
      : 'nothing is compared: --a and --b are missing',
    'say what is to take its place: --b mesh/new.yaml, --b set:load.rate=400/s; see npx breakwater compare --help',
  );
}

function say(both: OnBoth<Prepared>, inOneLab: boolean, seed: number, progress: Progress): void {
  const { a, b } = both;
  if (areTheSame(both)) progress.warn('A and B are the same: what this finds is chance');
  // Who asks for another load says so; a commit may have one that nobody thinks of.
  if ((a.at ?? b.at) !== undefined && !sameLoads(both)) {
    progress.warn('the loads of A and B differ: what this finds may be their doing');
  }
  progress.note(
    `A ${a.side.label}, B ${b.side.label}: ${inOneLab ? 'in turns in one lab' : 'in two labs side by side'}, order from seed ${seed}`,
  );
}

/** The seed of what is gone on with: its rounds are in the order of that. */
function seedOfResumed({ resume }: CompareOptions): number | undefined {
  return resume === undefined ? undefined : parseSeed(journalSeed(resolve(resume)) ?? '');
}

/** A new folder with a journal, or the one that is gone on with. */
async function openJournal(
  file: string,
  options: CompareOptions,
  both: OnBoth<Prepared>,
  { budgetMs: _, margins, ...question }: Question,
  seed: number,
) {
  const { a, b } = both;
  const decisive = [decisiveOf(a), decisiveOf(b)];
  const head = {
    scenario: file,
    sides: `A ${a.side.label}, B ${b.side.label}`,
    seed: String(seed),
    rounds: String(question.mostPairs),
    fingerprint: fingerprint(JSON.stringify([version, decisive, question, [...margins]])),
  };
  const runId = newRunId(`compare-${a.planned.plan.name}`);
  if (options.resume !== undefined) {
    const directory = resolve(options.resume);
    return { runId, directory, journal: resumeJournal(directory, head) };
  }
  const directory = join(resolve(options.reports), runId);
  await makeReportFolder(directory, options.reports);
  return { runId, directory, journal: beginJournal(directory, head) };
}

/** "my-shop, A as written, B mesh/new.yaml". */
const titleOf = (file: string, { a, b }: OnBoth<Side>) =>
  `${basename(file, extname(file))}: A ${a.label}, B ${b.label}`;
