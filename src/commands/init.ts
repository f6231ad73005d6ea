import { relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { examineScenario } from '../experiment/examine.ts';
import type { Found } from '../init/contract.ts';
import { scenarioFiles, writeProject } from '../init/files.ts';
import { readManifests } from '../init/manifests.ts';
import { type Said, wantedOf } from '../init/wanted.ts';
import { ExitCode, usageError } from '../kit/errors.ts';
import { print } from '../kit/output.ts';
import { formatProblem, ProblemsError } from '../kit/problems.ts';
import { visible } from '../kit/visible.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';
import { readMeshFiles } from '../scenario/mesh-files.ts';
import { version } from '../version.ts';
import { askFor } from './init-questions.ts';
import { pathArgument } from './path-argument.ts';

interface InitOptions {
  readonly service: readonly string[];
  readonly from: string;
  readonly name?: string;
  readonly rate: string;
  readonly latency: string;
  readonly replicas: number;
  readonly zones: readonly string[];
  readonly manifests: readonly string[];
  readonly config: readonly string[];
  readonly action: string;
  readonly workflow: boolean;
  readonly force?: boolean;
}

const notes = `
Of Kubernetes manifests it takes Services, and the Deployments and StatefulSets that they select: names, ports,
replicas, labels, zones. Of mesh configuration it takes the hosts, the subsets and the zones that it names. What a
service does is not known: the scenario has sample apps in their place.

It writes breakwater/NAME.yaml, mesh configuration to begin with where you name none, a workflow for GitHub that runs
every scenario of breakwater/, and a line of .gitignore. It overwrites nothing without --force.

Examples:
  $ npx breakwater init                                    asks
  $ npx breakwater init --service cart:8080
  $ npx breakwater init --manifests k8s/ --config mesh/ --service cart
  $ npx breakwater init my-project --config destination-rules.yaml --no-workflow`;

/** `init`: a scenario, a workflow and a line of .gitignore for a project of one's own. */
export function initCommand(): Command {
  const several = (name: string, about: string, none: string, value = pathArgument) =>
    new Option(`--${name}`, about)
      .argParser((text: string, before: readonly string[]) => [...before, value(text)])
      .default([], none);
  return new Command('init')
    .description('Write a scenario for services of your own, and the workflow that runs it.')
    .argument('[folder]', 'of the project', pathArgument, '.')
    .addOption(
      several(
        'service <name[:port]>',
        'the service that is called; repeatable: more are beside it',
        'what is read',
        (text) => text,
      ),
    )
    .option('--from <name>', 'the service that calls it', 'client')
    .option('--name <name>', 'of the scenario (default: the service)')
    .option('--rate <rate>', 'the load', '50/s')
    .option('--latency <duration>', 'how long an answer takes', '5ms')
    .addOption(
      new Option('--replicas <n>', 'of a service of which nothing else is known')
        .argParser(replicas)
        .default(2),
    )
    .addOption(
      new Option('--zones <names>', 'where replicas run: zone-a,zone-b, or with regions eu/west,us/east')
        .argParser((text: string) => text.split(',').map((each) => each.trim()))
        .default([], 'what is read, or two'),
    )
    .addOption(several('manifests <path>', 'Kubernetes manifests, a file or folder; repeatable', 'none'))
    .addOption(
      several('config <path>', 'your mesh configuration, a file or folder; repeatable', 'one to begin with'),
    )
    .option('--action <ref>', 'the GitHub Action in the workflow', `breakwater/breakwater@v${version}`)
    .option('--no-workflow', 'no workflow for GitHub')
    .option('--force', 'overwrite what is there')
    .addHelpText('after', notes)
    .action(async (folder: string, options: InitOptions) => {
      process.exitCode = await init(folder, options);
    });
}

function replicas(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 10) return count;
  throw new InvalidArgumentError('It takes a whole number from 1 to 10.');
}

async function init(project: string, options: InitOptions): Promise<ExitCode> {
  if (!/^[\w./@-]+$/.test(options.action)) {
    throw usageError(`--action ${options.action} is no reference`, 'such as owner/name@v1 or ./');
  }
  const found = readManifests([
    ...(await filesOf(options, 'manifests')),
    ...(await filesOf(options, 'config')),
  ]);
  const said = await saidBy(options, found);
  const { wanted, notes: left } = wantedOf(said, found);
  const scenarios = scenarioFiles(wanted, project, options.config);
  const { written, kept } = await writeProject(project, scenarios, {
    force: options.force ?? false,
    workflow: options.workflow,
    action: options.action,
  });
  const shown = (path: string) => relative('', resolve(project, path)) || '.';
  const file = shown(scenarios[0]?.path ?? '');
  const { problems } = await examineScenario(file);
  print(
    [
      ...written.map((path) => `${pc.green('wrote')}  ${visible(shown(path))}`),
      ...kept.map((path) => `${pc.dim('kept')}   ${visible(shown(path))}`),
      ...[...found.notes, ...left].map((note) => `${pc.yellow('note')}   ${visible(note)}`),
      '',
      ...(problems.length === 0
        ? next(file, options.workflow)
        : ['It does not fit yet:', ...problems.map(formatProblem)]),
      '',
    ].join('\n'),
  );
  return problems.length === 0 ? ExitCode.pass : ExitCode.usage;
}

async function filesOf(options: InitOptions, which: 'manifests' | 'config'): Promise<readonly MeshFile[]> {
  const files: MeshFile[] = [];
  for (const named of options[which]) {
    const read = await readMeshFiles(named, process.cwd());
    if ('message' in read) throw new ProblemsError([{ file: `--${which} ${named}`, ...read }]);
    files.push(...read.files);
  }
  return files;
}

/** What the options say; in a terminal, where they say nothing of services, what somebody answers. */
async function saidBy(options: InitOptions, found: Found): Promise<Said> {
  const { service: services, from, name, rate, latency, replicas: count, zones } = options;
  const said = { services, from, name, rate, latency, replicas: count, zones };
  const silent = services.length === 0 && found.services.length === 0;
  if (!silent || !process.stdin.isTTY || !process.stdout.isTTY) return said;
  return askFor(said);
}

function next(file: string, workflow: boolean): string[] {
  const shownFile = visible(/^[\w./-]+$/.test(file) ? file : `'${file}'`);
  return [
    'Next:',
    `  npx breakwater run ${shownFile}`,
    `  npx breakwater explain ${shownFile}    what the sidecars hold, and from which line`,
    ...(workflow ? ['  and commit it all: the workflow runs it for every pull request'] : []),
  ];
}
