import { faultKind } from '../faults/index.ts';
import { usageError } from '../kit/errors.ts';
import type { Plan } from './contract.ts';

/** Refuses faults that an environment cannot make, all of them by name. */
export function refuseForeignFaults(plan: Plan, environment: string): void {
  const foreign = plan.trial.faults.flatMap(({ name, fault }) => {
    const places = faultKind(fault).environments;
    return places === undefined || places.includes(environment) ? [] : [{ name, kind: fault.kind, places }];
  });
  const [first] = foreign;
  if (first === undefined) return;
  throw usageError(
    foreign
      .map(({ name, kind }) => `${plan.file}: ${name}: the ${environment} environment has no ${kind}`)
      .join('\n'),
    `run it with --env ${first.places.join(' or --env ')}, or use zone-outage or kill`,
  );
}
