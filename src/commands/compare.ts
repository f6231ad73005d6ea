import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { parseSeed, randomSeed, SEED_TEXT } from '../../apps/edge-app/src/chance.ts';
import { type ComparisonEnd, type ComparisonWatcher, compareSides } from '../comparison/compare.ts';
import { beginJournal, isRound, type Journal, journalSeed, resumeJournal } from '../comparison/journal.ts';
import type { Standing } from '../comparison/judge.ts';
import { LabRounds, namingSide } from '../comparison/lab-rounds.ts';
import { ownEnvoy } from '../comparison/own-envoy.ts';
import { type ComparisonOptions, type Question, readQuestion } from '../comparison/question.ts';
import { assembleComparison } from '../comparison/report.ts';
import {
  changesOf,
  type OnBoth,
  onBoth,
  readSide,
  type Side,
  type SideName,
  sideNames,
} from '../comparison/sides.ts';
import type { EnvironmentOptions } from '../environments/contract.ts';
import {
  type EnvironmentName,
  environmentCapabilities,
  environmentNames,
  environmentPrograms,
  environments,
} from '../environments/index.ts';
import { type Planned, planExperiment } from '../experiment/planned.ts';
import { type ExperimentWatcher, newRunId } from '../experiment/run.ts';
import { everWritten } from '../experiment/steps.ts';
import { ExitCode, OperatorError, usageError } from '../kit/errors.ts';
import { fingerprint } from '../kit/fingerprint.ts';
import { formatMs } from '../kit/format.ts';
import { quote, suggest } from '../kit/nearest.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import { measureTitle } from '../model/measures.ts';
import { refuseUnfit } from '../plan/environments.ts';
import { comparisonFormats, writeComparison } from '../report/comparison/index.ts';
import { formatChange } from '../report/comparison/words.ts';
import { configuredDocker } from '../runs/clusters.ts';
import { makeReportFolder } from '../runs/report-folder.ts';
import { shownArguments } from '../scenario/load.ts';
import { fetchPrograms } from '../toolchain/fetch.ts';
import { sweepLeftovers } from './cleanup.ts';
import { deliver } from './deliver.ts';
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
}

const notes = `
Each side is the scenario with something changed, given once for each part; without --a, A is the scenario as it is:
  config:PATH         mesh configuration, a file or folder (a path alone means the same)
  set:PATH=VALUE      a value of the scenario, as with --set: set:load.rate=400/s
  profile:NAME        one of its profiles
  env:NAME            where the mesh runs
  istio:VERSION       the version of Istio
  mesh:KIND           the mesh: istio or consul
  envoy:PATH          the Envoy of every sidecar, on the local lab
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
  $ npx breakwater compare my-shop.yaml --baseline baseline.json
  $ npx breakwater compare my-shop.yaml --a istio:1.28.3 --b istio:1.29.1 --margin p99=10%`;

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
    .option('--rounds <n>', 'at most so many rounds on each side', '40')
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

/** One side, ready to be run. */
interface Prepared {
  readonly side: Side;
  readonly planned: Planned;
  readonly env: EnvironmentName;
  readonly programs: EnvironmentOptions['programs'];
}

async function compareScenario(
  file: string,
  options: CompareOptions,
  signal: AbortSignal,
  startedAt: number,
) {
  const progress = createProgress(process.stderr, options.quiet ?? false);
  const question = readQuestion(options);
  const sides = onBoth((name) => readSide(`--${name}`, options[name]));
  refuseNothing(options);
  const seed = options.seed ?? seedOfResumed(options) ?? randomSeed();
  const a = await prepare(file, 'a', sides.a, options, seed, signal);
  const b = await prepare(file, 'b', sides.b, options, seed, signal);
  const both: OnBoth<Prepared> = { a, b };
  const inOneLab = fitOneLab(both);
  const { plan } = a.planned;
  const docker = [a, b].some(({ env }) => env === 'kind') ? configuredDocker() : undefined;
  await sweepLeftovers(progress, signal, docker);
  for (const { planned, env } of [a, b]) {
    await fetchPrograms(environmentPrograms[env](planned.mesh), progress, signal, planned.mesh);
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
    signal,
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
      sides,
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
  readonly signal: AbortSignal;
}): Promise<ComparisonEnd> {
  const { both, inOneLab, question, seed, runId, directory, command, journal, progress, signal } = about;
  const watcher = watchComparison(question, progress);
  await using rounds = new LabRounds({
    runId,
    planned: onBoth((name) => both[name].planned),
    environments: onBoth((name) => {
      const { env, planned, programs } = both[name];
      const options = programs === undefined ? {} : { programs };
      return environments[env](planned.mesh, progress, signal, options);
    }),
    inOneLab,
    directory: join(directory, 'rounds'),
    command,
    signal,
    watcher: { ...watchRun(both.a.planned.plan, progress), ...watcher },
  });
  return await compareSides({ rounds, inOneLab, question, seed, journal, watcher });
}

function refuseNothing({ a, b }: CompareOptions): void {
  if (b.length > 0) return;
  throw usageError(
    a.length > 0
      ? '--b is missing: A is compared with nothing'
      : 'nothing is compared: --a and --b are missing',
    'say what is to take its place: --b mesh/new.yaml, --b set:load.rate=400/s; see npx breakwater compare --help',
  );
}

async function prepare(
  file: string,
  name: SideName,
  side: Side,
  options: CompareOptions,
  seed: number,
  signal: AbortSignal,
): Promise<Prepared> {
  const option = `--${name}`;
  const env = environmentNamed(option, side.env ?? options.env);
  const planned = await planExperiment(file, changesOf(side, options), seed).catch((error: unknown) => {
    throw error instanceof OperatorError ? namingSide(name, error) : error;
  });
  refuseUnfit(planned.plan, env, environmentCapabilities, planned.locate);
  if (env === 'local') refuseFewFiles(planned.plan);
  if (side.envoy === undefined) return { side, planned, env, programs: undefined };
  if (env !== 'local') {
    throw usageError(
      `${option}: in ${env} the Envoy is the one of the sidecars' image`,
      'compare Envoys on the local lab, without env:kind',
    );
  }
  return { side, planned, env, programs: { envoy: await ownEnvoy(option, side.envoy, signal) } };
}

function environmentNamed(option: string, name: string): EnvironmentName {
  const found = environmentNames.find((each) => each === name);
  if (found !== undefined) return found;
  throw usageError(`${option}: no environment is called ${quote(name)}`, suggest(name, environmentNames));
}

/** Whether what differs can be changed in place between two rounds. */
function fitOneLab({ a, b }: OnBoth<Prepared>): boolean {
  const { mesh } = a.planned;
  const other = b.planned.mesh;
  return (
    a.env === b.env &&
    isDeepStrictEqual(a.programs, b.programs) &&
    mesh.name === other.name &&
    mesh.version === other.version &&
    isDeepStrictEqual(a.planned.plan.topology, b.planned.plan.topology)
  );
}

function say(both: OnBoth<Prepared>, inOneLab: boolean, seed: number, progress: Progress): void {
  const { a, b } = both;
  const same =
    inOneLab &&
    isDeepStrictEqual(
      [a.planned.plan.trial, a.planned.configuration.files],
      [b.planned.plan.trial, b.planned.configuration.files],
    );
  if (same) progress.warn('A and B are the same: what this finds is chance');
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
  const decisive = sideNames.map((name) => {
    const { planned, env, programs } = both[name];
    return [planned.plan, planned.configuration.files, planned.mesh.version, env, programs];
  });
  const head = {
    scenario: file,
    sides: `A ${a.side.label}, B ${b.side.label}`,
    seed: String(seed),
    rounds: String(question.mostPairs),
    fingerprint: fingerprint(JSON.stringify([decisive, question, [...margins]])),
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

/** Tells how it stands after each pair. */
function watchComparison(
  { mostPairs, budgetMs }: Question,
  progress: Progress,
): ComparisonWatcher & Pick<ExperimentWatcher, 'step' | 'load' | 'fault'> {
  let under = '';
  return {
    beginning(pair, side) {
      under = `pair ${pair}, ${side.toUpperCase()}`;
      progress.status(under);
    },
    step: (text) => (under === '' ? progress.step(text) : progress.status(`${under}: ${text}`)),
    fault: (text) => progress.status(`${under}: ${text}`),
    load: (atMs, totalMs) =>
      progress.status(`${under}: load ${Math.round(atMs / 1_000)}/${Math.round(totalMs / 1_000)} s`),
    round({ pair, side, verdict, why }) {
      if (why === undefined) return;
      progress.note(`${String(pair).padStart(4)} ${side.toUpperCase()} ${pc.yellow(verdict)} · ${why}`);
    },
    pair(number, { standings }, spentMs, nextLook) {
      const left = Math.max(0, Math.round((budgetMs - spentMs) / 1_000) * 1_000);
      const look = nextLook === undefined ? 'over' : `next look at ${nextLook}`;
      progress.note(
        `${String(number).padStart(4)} of ${mostPairs} · ${standings.map(standingOf).join(' · ')} · ${look} · at most ${formatMs(left)} left`,
      );
    },
  };
}

/** "p50 latency +1.2 % same": the change is told as worse or better. */
function standingOf({ measure, verdict, effect, pairs, notWorse }: Standing): string {
  const paint = { regressed: pc.red, improved: pc.green, same: pc.green, inconclusive: pc.dim }[verdict];
  const said = verdict === 'inconclusive' ? (notWorse ? ' not worse' : '') : ` ${verdict}`;
  if (pairs === 0) return paint(`${measureTitle(measure)} -`);
  const change =
    effect > 0 ? `${formatChange(effect)} worse` : effect < 0 ? `${formatChange(-effect)} better` : 'alike';
  return paint(`${measureTitle(measure)} ${change.replace('+', '')}${said}`);
}
