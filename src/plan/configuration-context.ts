import { checkKind } from '../checks/index.ts';
import { askedFor } from '../load/planned.ts';
import type { ConfigurationContext } from '../meshes/contract.ts';
import type { Plan } from './contract.ts';

/** What the mesh configuration of a plan is held against. */
export function configurationContext({ topology, trial }: Plan): ConfigurationContext {
  return {
    topology,
    loads: trial.loads.map((load) => ({
      from: load.from,
      to: load.to,
      port: load.port,
      request: askedFor(load),
    })),
    aboutHosts: trial.checks.flatMap(({ check }, index) => {
      const happens = checkKind(check).aboutHosts;
      return happens === undefined ? [] : [{ check: `checks.${index}`, kind: check.kind, happens }];
    }),
  };
}
