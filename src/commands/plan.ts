import { Command } from 'commander';
import { planExperiment } from '../experiment/planned.ts';
import { print, printJson } from '../kit/output.ts';
import { planJson, renderPlan } from '../plan/render.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';

interface PlanOptions extends ScenarioOptions {
  readonly json?: boolean;
}

export function planCommand(): Command {
  return addScenarioOptions(new Command('plan'))
    .description('Show what a run would do: load, faults, instances, checks. Starts nothing.')
    .argument('<scenario>', 'scenario file, or the name of one that came along')
    .option('--json', 'print the plan as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ npx breakwater plan scenarios/circuit-breaker.yaml
  $ npx breakwater plan scenarios/outlier-ejection.yaml --profile seed
  $ npx breakwater plan scenarios/zone-failover.yaml --set load.rate=500/s --json`,
    )
    .action(async (file: string, options: PlanOptions) => {
      const {
        plan,
        configuration: { resources },
      } = await planExperiment(file, options);
      if (options.json) printJson(planJson(plan, resources));
      else print(renderPlan(plan, resources));
    });
}
