import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { type EnvironmentName, environmentNames } from '../environments/index.ts';
import { type Examined, examineScenario, type SoundResource } from '../experiment/examine.ts';
import { isConfiguration } from '../experiment/kind-of-file.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { plural } from '../kit/format.ts';
import { print, printJson } from '../kit/output.ts';
import { formatProblem, type Problem, ProblemsError } from '../kit/problems.ts';
import { readTextFile } from '../kit/text-file.ts';
import { visible } from '../kit/visible.ts';
import { type MeshKind, meshKindOf, meshKinds, meshOf } from '../meshes/index.ts';
import type { MeshFile, MeshResource } from '../model/mesh-configuration.ts';
import { scenarioNamed } from '../scenario/named.ts';

interface LintOptions {
  readonly env?: EnvironmentName;
  readonly json?: boolean;
}

/** What lint found. */
interface Linted {
  readonly problems: readonly Problem[];
  /** What the mesh takes though it may not be meant. */
  readonly warnings: readonly Problem[];
  /** Why the mesh itself was not asked about its configuration; absent when it was, or there is none. */
  readonly notAsked?: string;
}

export function lintCommand(signal: AbortSignal): Command {
  return new Command('lint')
    .description('Check scenario files, with each of their profiles, and mesh configuration; runs nothing.')
    .argument(
      '<file...>',
      'scenarios (files, or names of those that came along), or files of mesh configuration',
    )
    .addOption(
      new Option('--env <name>', 'where the scenarios are to run; anywhere unless given').choices(
        environmentNames,
      ),
    )
    .option('--json', 'print the problems as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing found, 2 problems.

Examples:
  $ npx breakwater lint scenarios/*.yaml
  $ npx breakwater lint my-destination-rule.yaml --json`,
    )
    .action(async (files: string[], options: LintOptions) => {
      const linted = await lint(files, options, signal);
      if (linted.problems.length > 0) process.exitCode = ExitCode.usage;
      if (options.json) printJson(linted);
      else print(summary(files, linted));
    });
}

/** Everything that can be said about files without running them: ours, and then the mesh's own. */
async function lint(files: readonly string[], { env }: LintOptions, signal: AbortSignal): Promise<Linted> {
  const configuration: MeshFile[] = [];
  const found: Examined[] = [];
  for (const file of files) {
    const examined = await lintFile(file, env);
    if ('content' in examined) configuration.push(examined);
    else found.push(examined);
  }
  for (const [kind, own] of Map.groupBy(configuration, meshKindOf)) {
    const { problems, sound } = (await meshOf(kind)).lintConfiguration(own);
    found.push({ problems, sound: sound.map((resource) => ({ mesh: kind, resource })) });
  }
  const problems = found.flatMap((each) => each.problems);
  const all = found.flatMap(({ sound }) => sound);
  const asked = await Promise.all(meshKinds.map((kind) => refusedBy(kind, all, signal)));
  const refused = asked.flatMap((each) => ('notAsked' in each ? [] : [each]));
  const [notAsked] = asked.flatMap((each) => ('notAsked' in each ? [each.notAsked] : []));
  return {
    problems: distinct([...problems, ...refused.flatMap((each) => each.problems)]),
    warnings: distinct(refused.flatMap(({ warnings }) => warnings)),
    ...(notAsked === undefined ? {} : { notAsked }),
  };
}

async function refusedBy(kind: MeshKind, all: readonly SoundResource[], signal: AbortSignal) {
  const own = all.flatMap(({ mesh, resource }) => (mesh === kind ? [resource] : []));
  try {
    return await (await meshOf(kind)).refused(once(own), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof OperatorError)) throw error;
    return { notAsked: error.message };
  }
}

/** Each resource once: scenarios share files, and profiles share everything. */
function once(resources: readonly MeshResource[]): readonly MeshResource[] {
  const idOf = ({ kind, namespace, name, line, file }: MeshResource) =>
    JSON.stringify([kind, namespace, name, line, file]);
  return [...new Map(resources.map((each) => [idOf(each), each])).values()];
}

const distinct = (problems: readonly Problem[]) => [
  ...new Map(problems.map((problem) => [formatProblem(problem), problem])).values(),
];

function summary(files: readonly string[], { problems, warnings, notAsked }: Linted): string {
  const noted = warnings.map((warning) => `${formatProblem(warning)} (a warning)`);
  if (notAsked !== undefined) noted.push(`the mesh itself was not asked: ${visible(notAsked)}`);
  const note = noted.map((line) => `${pc.yellow('note')}: ${line}\n`).join('');
  if (problems.length === 0) return `${note}${pc.green('ok')} ${plural(files.length, 'file')}\n`;
  const lines = problems.map(formatProblem);
  return `${lines.join('\n')}\n\n${note}${pc.red(plural(problems.length, 'problem'))}\n`;
}

/** What is wrong with a scenario; the file itself when it is mesh configuration. */
async function lintFile(named: string, environment?: EnvironmentName): Promise<Examined | MeshFile> {
  let file: string;
  try {
    file = scenarioNamed(named);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { problems: error.problems, sound: [] };
  }
  const read = await readTextFile(resolve(file));
  if ('message' in read) return { problems: [{ file, ...read }], sound: [] };
  return isConfiguration(read.text, file)
    ? { file, path: resolve(file), content: read.text }
    : examineScenario(file, environment);
}
