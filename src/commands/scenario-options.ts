import { type Command, Option } from 'commander';
import { MESHES } from '../toolchain/index.ts';
import { meshOption, meshVersionOption } from './mesh-version.ts';
import { pathArgument } from './path-argument.ts';

/** What may be changed about a scenario from the command line. */
export interface ScenarioOptions {
  readonly mesh?: string;
  readonly profile?: string;
  readonly set: string[];
  readonly setEnv: string[];
  readonly setFile: string[];
  readonly config: string[];
}

/** Adds --profile, --set, --config, --mesh and --mesh-version to a command that takes a scenario. */
export function addScenarioOptions(command: Command): Command {
  return command
    .option('--profile <name>', "one of the scenario's named sets of overrides")
    .addOption(
      new Option('--set <path=value>', 'override one field: load.rate=400/s, checks.0.atMost=2s; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--set-env <path=variable>',
        'the same with the text of an environment variable, which nobody is shown; repeatable',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--set-file <path=file>',
        'the same with the text of a file, which nobody is shown; repeatable',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--config <path>',
        "mesh configuration instead of the scenario's: a file or directory; repeatable",
      )
        .argParser((path: string, previous: string[]) => collect(pathArgument(path), previous))
        .default([], "the scenario's own"),
    )
    .addOption(meshOption(MESHES))
    .addOption(meshVersionOption())
    .hook('preAction', (_, called) => {
      const { meshVersion, set } = called.opts<{ meshVersion?: string; set: string[] }>();
      // It is one of the fields of a scenario.
      if (meshVersion !== undefined) called.setOptionValue('set', [...set, `mesh.version=${meshVersion}`]);
    });
}

/** The same options for a command that this one starts. */
export function scenarioArguments({
  mesh,
  profile,
  set,
  setEnv,
  setFile,
  config,
}: ScenarioOptions): string[] {
  return [
    ...(mesh === undefined ? [] : ['--mesh', mesh]),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...setEnv.flatMap((assignment) => ['--set-env', assignment]),
    ...setFile.flatMap((assignment) => ['--set-file', assignment]),
    ...config.flatMap((path) => ['--config', path]),
  ];
}

const collect = (value: string, previous: string[]) => [...previous, value];
