import { environmentError } from '../../kit/errors.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { Docker } from './docker.ts';
import { roomFor } from './refusal.ts';

/** The networks of a lab, by their names in Docker. */
export interface LabNetworks {
  /** Locality → its network. */
  readonly zones: ReadonlyMap<string, string>;
  /** Where the control plane is before anybody is to find it. */
  readonly control: string;
}

/** A network for every zone of a topology, and one of the control plane. */
export async function createNetworks(
  docker: Docker,
  { instances }: Pick<TopologyPlan, 'instances'>,
  { runId, labels }: { readonly runId: string; readonly labels: Readonly<Record<string, string>> },
): Promise<LabNetworks> {
  const create = async (suffix: string) => {
    const name = `breakwater-${runId}-${suffix}`;
    await docker.network
      .create({ Name: name, Driver: 'bridge', Labels: { ...labels } })
      .catch((error: Error) => {
        throw environmentError(
          `the network ${name} could not be made: ${error.message}`,
          roomFor(error.message) ??
            'Docker has some thirty networks at most unless it is told otherwise: docker network prune removes those that nobody uses',
          error,
        );
      });
    return name;
  };
  const localities = [...new Set(instances.map(({ locality }) => locality))];
  const zones = new Map<string, string>();
  // One after the other: daemons give out addresses so.
  for (const locality of localities) {
    zones.set(locality, await create(locality.replaceAll(/[^\w.-]/g, '-')));
  }
  return { zones, control: await create('control') };
}
