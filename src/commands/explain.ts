import { join } from 'node:path';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { effectiveTables, renderTable } from '../effective/index.ts';
import {
  type EnvironmentName,
  environmentNames,
  environments,
  fetchEnvironment,
} from '../environments/index.ts';
import { readEffectiveConfiguration } from '../experiment/effective.ts';
import { meshIn } from '../experiment/planned.ts';
import { usageError } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import { createProgress } from '../kit/terminal.ts';
import type { EffectiveConfiguration, Sidecar } from '../model/effective.ts';
import { calledFrom, type TopologyPlan } from '../model/topology.ts';
import { planScenario } from '../plan/plan.ts';
import { createRunDirectory } from '../runs/run-directory.ts';
import { loadScenario } from '../scenario/load.ts';
import { sweepLeftovers } from './cleanup.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';

interface ExplainOptions extends ScenarioOptions {
  readonly env: EnvironmentName;
  readonly keep?: boolean;
  readonly client?: string;
  readonly json?: boolean;
}

/** `explain`: what the sidecars really hold, and which line of the mesh configuration each value comes from. */
export function explainCommand(signal: AbortSignal): Command {
  return addScenarioOptions(new Command('explain'))
    .description(
      'Show what the sidecars really hold: routes, limits, outlier detection, zones and TLS, each with the line of the mesh configuration that it comes from, or whose default it is. Starts the mesh for a moment, without load.',
    )
    .argument('<scenario>', 'scenario file, or the name of one that came along')
    .addOption(new Option('--env <name>', 'where the mesh runs').choices(environmentNames).default('local'))
    .option('--keep', 'leave the cluster of --env kind, and use the one that was left')
    .option('--client <name>', 'only what this service, workload or instance holds')
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ npx breakwater explain scenarios/circuit-breaker.yaml
  $ npx breakwater explain scenarios/zone-failover.yaml --config my-rules.yaml --client frontend
  $ npx breakwater explain scenarios/outlier-ejection.yaml --json
  $ npx breakwater explain scenarios/outlier-ejection.yaml --env kind --keep`,
    )
    .action(async (file: string, options: ExplainOptions) => {
      const { topology, configuration } = await effectiveOf(file, options, signal);
      const sidecars = chosen(configuration.sidecars, options.client);
      if (options.json) printJson({ sidecars });
      else print(tables(sidecars, configuration, topology));
    });
}

async function effectiveOf(
  file: string,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<{ readonly topology: TopologyPlan; readonly configuration: EffectiveConfiguration }> {
  const loaded = await loadScenario(file, options);
  const { topology, trial, name } = planScenario(loaded);
  if (options.client !== undefined) checkClient(options.client, topology);
  const mesh = await meshIn(loaded);
  // Checks are not looked at: what would make them prove nothing can still be shown.
  const resources = mesh.readConfiguration(trial.configuration, { topology, loads: [], aboutHosts: [] });
  const configuration = { files: trial.configuration, resources };
  const progress = createProgress(process.stderr, options.json ?? false);
  await sweepLeftovers(progress, signal, [options.env]);
  await fetchEnvironment[options.env](mesh, [topology], progress, signal);
  await mesh.validate(configuration, progress, signal);
  const id = `explain-${Date.now().toString(36)}`;
  try {
    await using directory = await createRunDirectory(id, `explanation of ${name}`);
    const environment = environments[options.env](mesh, progress, signal, { keep: options.keep ?? false });
    await using lab = await environment.open({
      topology,
      configuration,
      runId: id,
      directory: directory.path,
      logs: join(directory.path, 'logs'),
      progress: (step) => progress.step(step),
      ongoing: (text) => progress.ongoing(text),
      warn: (text) => progress.warn(text),
      signal,
    });
    progress.step('asking the sidecars what they hold');
    return { topology, configuration: await readEffectiveConfiguration(lab, mesh, topology, resources) };
  } finally {
    progress.done();
  }
}

const isCalled = (
  { service, workload, instance }: Pick<Sidecar, 'service' | 'workload' | 'instance'>,
  name: string,
) => [service, workload, instance].includes(name);

function checkClient(name: string, { instances }: TopologyPlan): void {
  if (instances.some((each) => isCalled({ ...each, instance: each.name }, name))) return;
  const services = [...new Set(instances.map(({ service }) => service))];
  throw usageError(
    `the topology has no service, workload or instance ${name}`,
    `there are ${services.join(', ')}`,
  );
}

/** Replicas of a workload hold the same, and only the first was asked. */
function chosen(sidecars: readonly Sidecar[], name: string | undefined): readonly Sidecar[] {
  if (name === undefined) return sidecars;
  const found = sidecars.filter((sidecar) => isCalled(sidecar, name));
  return found.length > 0 ? found : sidecars.filter(({ workload }) => name.replace(/-\d+$/, '') === workload);
}

function tables(
  sidecars: readonly Sidecar[],
  configuration: EffectiveConfiguration,
  topology: TopologyPlan,
): string {
  const paint = { title: pc.bold, heading: pc.cyan, setting: pc.green, faint: pc.dim };
  return effectiveTables(sidecars, configuration, calledFrom(topology))
    .map((table) => renderTable(table, paint))
    .join('\n');
}
