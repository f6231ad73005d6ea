import { type Command, Option } from 'commander';

/** What may be changed about a scenario from the command line. */
export interface ScenarioOptions {
  readonly profile?: string;
  readonly set: string[];
  readonly config: string[];
}

/** Adds --profile, --set and --config to a command that takes a scenario. */
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
        '--config <path>',
        "mesh configuration instead of the scenario's: a file or directory; repeatable",
      )
        .argParser(collect)
        .default([], "the scenario's own"),
    );
}

/** The same options for a command that this one starts. */
export function scenarioArguments({ profile, set, config }: ScenarioOptions): string[] {
  return [
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...set.flatMap((assignment) => ['--set', assignment]),
    ...config.flatMap((path) => ['--config', path]),
  ];
}

const collect = (value: string, previous: string[]) => [...previous, value];
