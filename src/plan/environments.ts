import { usageError } from '../kit/errors.ts';
import type { Action } from '../model/fault.ts';
import type { Plan, PlannedFault } from './contract.ts';

/** Environment → the actions that it can do. */
type Abilities = Readonly<Record<string, readonly Action['do'][]>>;

/** Refuses faults that an environment cannot make or take back, all of them by name, with the environments that can. */
export function refuseForeignFaults(plan: Plan, environment: string, abilities: Abilities): void {
  const foreign = plan.trial.faults.filter((fault) => !canMake(fault, abilities[environment]));
  const [first] = foreign;
  if (first === undefined) return;
  const able = Object.keys(abilities).filter((name) => canMake(first, abilities[name]));
  const elsewhere = able.length === 0 ? '' : `run it with --env ${able.join(' or --env ')}, or `;
  throw usageError(
    foreign
      .map(({ name, fault }) => `${plan.file}: ${name}: the ${environment} environment has no ${fault.kind}`)
      .join('\n'),
    `${elsewhere}use zone-outage or kill`,
  );
}

const canMake = ({ actions }: PlannedFault, performs: readonly Action['do'][] = []) =>
  actions.every(({ inject, revert }) => performs.includes(inject.do) && performs.includes(revert.do));
