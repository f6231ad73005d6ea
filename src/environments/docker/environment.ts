import { usageError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentKind } from '../contract.ts';
import { startDockerLab } from './start.ts';

/** What can be done to containers of this machine. */
const performs = [
  'set-fault',
  'clear-fault',
  'kill',
  'stop',
  'start',
  'kill-sidecar',
  'start-sidecar',
  'pause',
  'resume',
  'stop-control-plane',
  'start-control-plane',
  'limit-cpu',
  'unlimit-cpu',
  'disturb-link',
  'clear-link',
] as const satisfies Environment['performs'];

export const docker: EnvironmentKind = {
  changes: true,
  gateways: false,
  captures: true,
  tellsMetrics: true,
  goesPastTheMesh: true,
  setsConcurrency: true,
  performs,
  // A bridge carries as much as it can, as fast as it can.
  disturbs: ['loss', 'reset'],
  programs: (mesh) => {
    containersOf(mesh);
    return mesh.cluster.programs;
  },
  makesOf: (mesh) => ['k6', ...mesh.hostPrograms],
  upTimeoutMs: 900_000,
  usualMs: { up: 15_000, besideLoad: 3_000 },
  make: dockerEnvironment,
};

/** A real mesh in containers: a network per zone, and every replica behind its sidecar's own capture. */
function dockerEnvironment(
  mesh: Mesh,
  programs: (topology: TopologyPlan) => Promise<HostPrograms>,
): Environment {
  return {
    name: 'docker',
    performs,
    async open(request) {
      const containers = containersOf(mesh);
      return startDockerLab(request, mesh, containers, () => programs(request.topology));
    },
  };
}

/** How a mesh runs in containers; throws where nobody has said yet. */
function containersOf({ name, containers }: Mesh): ContainerMesh {
  if (containers === undefined) throw usageError(`${name} is unsupported in containers`, 'use --env local');
  return containers;
}
