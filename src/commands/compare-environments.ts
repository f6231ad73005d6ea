import { Command, InvalidArgumentError, Option } from 'commander';
import { randomSeed } from '../../apps/edge-app/src/chance.ts';
import {
  type Compared,
  type Comparison,
  comparable,
  compareRuns,
  withoutValidRun,
} from '../comparison/environments/compare.ts';
import { renderMarkdown, renderText } from '../comparison/environments/render.ts';
import { makeFolder, refuseChanged, runOnce, runRounds } from '../comparison/environments/rounds.ts';
import { environmentCapabilities } from '../environments/index.ts';
import { meshIn } from '../experiment/planned.ts';
import { ExitCode } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import { visibleLines } from '../kit/visible.ts';
import { refuseUnfit } from '../plan/environments.ts';
import { planScenario } from '../plan/plan.ts';
import { loadScenario } from '../scenario/load.ts';
import { pathArgument } from './path-argument.ts';
import { addScenarioOptions, type ScenarioOptions, scenarioArguments } from './scenario-options.ts';

interface CompareOptions extends ScenarioOptions {
  readonly envs: readonly Compared[];
  readonly rounds: number;
  readonly reports: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly keep?: boolean;
}

const MOST_ROUNDS = 20;

const notes = `
With --rounds the environments take turns, so that a machine that drifts burdens all alike. Per check and
environment the table has the lowest, median and highest value, in how many of the valid runs it passed, and the
ratio of the medians; with seven rounds and more, what their pairs prove about latency, errors and the like, as compare
tells it. Invalid runs prove nothing: they are named and left out. A run on kind makes a cluster of
its own and removes it; with --keep the runs share one, which is faster, and which stays until
npx breakwater cleanup --kept.

--json prints, per check and figure, the values of the valid runs of each environment (null where a run had none)
with lowest, median and highest, in its unit: ms, share (0 to 1), per-second or count.

Exit code 0 when every valid run of all has the same verdict and the same status of each check, 1 when not,
3 when an environment has no valid run, 4 when a run did not come to its end: the reports of those before it stay.

Examples:
  $ npx breakwater compare-environments scenarios/zone-failover.yaml
  $ npx breakwater compare-environments scenarios/zone-failover.yaml --rounds 5 --keep
  $ npx breakwater compare-environments scenarios/zone-failover.yaml --envs local,docker,kind
  $ npx breakwater compare-environments scenarios/zone-failover.yaml --rounds 5 --markdown >> docs/kind.md`;

/** `compare-environments`: one scenario in several environments, and where they differ. */
export function compareEnvironmentsCommand(signal: AbortSignal): Command {
  return addScenarioOptions(new Command('compare-environments'))
    .description(
      'Run a scenario on the local lab and on kind, or in containers too, and say where behaviour differs.',
    )
    .argument('<scenario>', 'scenario file, or the name of one that came along')
    .addOption(
      new Option(
        '--envs <names>',
        `which environments: some of ${comparable.join(', ')}; ratios are to the first`,
      )
        .argParser(parseEnvironments)
        .default(['local', 'kind'], 'local,kind'),
    )
    .addOption(
      new Option('--rounds <n>', `how many runs in each environment, 1 to ${MOST_ROUNDS}; one is noise`)
        .argParser(parseRounds)
        .default(1),
    )
    .option('--reports <dir>', 'folder that gets a folder per comparison', pathArgument, 'reports')
    .option('--keep', 'leave the cluster, and use the one that was left: the fast way')
    .option('--json', 'print the comparison as JSON on standard output')
    .addOption(new Option('--markdown', 'print it as a Markdown table').conflicts('json'))
    .addHelpText('after', notes)
    .action(async (file: string, options: CompareOptions) => {
      const comparison = await compare(file, options, signal);
      if (options.json) printJson(comparison);
      else print(`${(options.markdown ? renderMarkdown : renderText)(comparison)}\n`);
      process.exitCode = exitCodeOf(comparison);
    });
}

function parseRounds(text: string): number {
  const rounds = /^\d+$/.test(text) ? Number(text) : 0;
  if (rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${MOST_ROUNDS}.`);
}

function parseEnvironments(text: string): readonly Compared[] {
  const names = text.split(',').map((name) => name.trim());
  const known = comparable.filter((name) => names.includes(name));
  if (known.length >= 2 && known.length === new Set(names).size) return known;
  throw new InvalidArgumentError(`It takes two or more of ${comparable.join(', ')}.`);
}

async function compare(file: string, options: CompareOptions, signal: AbortSignal): Promise<Comparison> {
  const loaded = await loadScenario(file, options);
  const plan = planScenario(loaded);
  const mesh = await meshIn(loaded);
  // Before the first run, not before the first that cannot make it.
  for (const environment of options.envs)
    refuseUnfit({ plan, mesh }, environment, environmentCapabilities, loaded.locate);
  const folder = await makeFolder(options.reports);
  const settings = { file, changes: scenarioArguments(options), keep: options.keep ?? false };
  const say = (line: string) => process.stderr.write(`${visibleLines(line)}\n`);
  const runs = await runRounds(
    options.envs,
    options.rounds,
    randomSeed(),
    async (environment, round) => {
      refuseChanged(plan, planScenario(await loadScenario(file, options)));
      say(`round ${round} of ${options.rounds}: ${plan.name} on ${environment}`);
      return runOnce(environment, round, folder, settings, signal);
    },
    say,
  );
  return compareRuns(runs, folder);
}

export function exitCodeOf(comparison: Comparison): ExitCode {
  if (withoutValidRun(comparison).length > 0) return ExitCode.invalid;
  return comparison.same ? ExitCode.pass : ExitCode.fail;
}
