import type { Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { EffectiveConfiguration } from '../model/effective.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';

const timeoutMs = 10_000;

/**
 * Reads what the sidecars of a started mesh hold. One replica of each workload is asked: the others have the same.
 * Throws when a sidecar does not answer.
 */
export async function readEffectiveConfiguration(
  lab: Pick<Lab, 'admin'>,
  { effective }: Pick<Mesh, 'effective'>,
  topology: TopologyPlan,
  resources: readonly MeshResource[],
): Promise<EffectiveConfiguration> {
  const asked = topology.instances.filter(({ replica }) => replica === 1);
  const answers = await Promise.all(
    asked.map(async (instance) => {
      const paths = effective.paths(instance, topology, resources);
      return [
        instance.name,
        await Promise.all(paths.map((path) => lab.admin(instance.name, path, timeoutMs))),
      ] as const;
    }),
  );
  return effective.read(new Map(answers), topology, resources);
}
