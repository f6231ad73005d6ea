import type { Path } from '../kit/path.ts';
import { OUTSIDE } from '../probes/planned.ts';
import { callersOf } from '../probes/written.ts';
import type { Scenario } from './schema.ts';

/** A load of a scenario as it is written, with its name and where it stands in the file. */
export interface ScenarioLoad {
  /** "load" where there is one alone, which has no name of its own. */
  readonly name: string;
  readonly load: LoadFields;
  readonly path: Path;
}

type LoadFields = Exclude<Scenario['load'], readonly unknown[]>;

/** Every load of a scenario, in the order in which they are written; there is always one. */
export function loadsIn({ load }: Pick<Scenario, 'load'>): readonly ScenarioLoad[] {
  if (!Array.isArray(load)) return [{ name: 'load', load, path: ['load'] }];
  return load.map((each, index) => ({ name: each.name, load: each, path: ['load', index] }));
}

/**
 * The services that send loads or probes: they run no app. One that a load calls is none, whatever the probes say.
 */
export function clientsIn(scenario: Pick<Scenario, 'load' | 'probes' | 'topology'>): ReadonlySet<string> {
  const loads = loadsIn(scenario).map(({ load }) => load);
  const called = new Set(loads.map(({ to }) => to));
  const callers = scenario.probes
    .flatMap(callersOf)
    .filter(
      (from) => from !== OUTSIDE && Object.hasOwn(scenario.topology.services, from) && !called.has(from),
    );
  return new Set([...loads.map(({ from }) => from), ...callers]);
}
