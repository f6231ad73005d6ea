import type { EffectiveConfiguration, Sidecar } from '../../model/effective.ts';
import type { Instance, TopologyPlan } from '../../model/topology.ts';

/** What sidecars hold, by what `read` makes of the answers of each; of whom there are none nothing is known. */
export const sidecarsOf = (
  answers: ReadonlyMap<string, readonly string[]>,
  { instances }: TopologyPlan,
  read: (instance: Instance, answer: readonly string[]) => Sidecar,
): EffectiveConfiguration => ({
  sidecars: instances.flatMap((instance) => {
    const answer = answers.get(instance.name);
    return answer === undefined ? [] : [read(instance, answer)];
  }),
});
