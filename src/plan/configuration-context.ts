import { checkKind } from '../checks/index.ts';
import type { ConfigurationContext } from '../meshes/contract.ts';
import type { Plan } from './contract.ts';

/** What the mesh configuration of a plan is held against. */
export function configurationContext({ topology, trial }: Plan): ConfigurationContext {
  return {
    topology,
    aboutHosts: trial.checks.flatMap(({ check }, index) => {
      const happens = checkKind(check).aboutHosts;
      return happens === undefined ? [] : [{ check: `checks.${index}`, kind: check.kind, happens }];
    }),
  };
}
