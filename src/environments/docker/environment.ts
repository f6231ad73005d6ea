import { environmentError } from '../../kit/errors.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentKind } from '../contract.ts';
import { startDockerLab } from './start.ts';

/** What can be done to containers of this machine. */
const performs = [
  'set-fault',
  'clear-fault',
  'kill',
  'start',
  'kill-sidecar',
  'start-sidecar',
  'pause',
  'resume',
  'stop-control-plane',
  'start-control-plane',
] as const satisfies Environment['performs'];

export const docker: EnvironmentKind = {
  changes: true,
  gateways: false,
  captures: true,
  performs,
  programs: (mesh) => mesh.cluster.programs,
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
      const { containers } = mesh;
      if (containers === undefined) {
        throw environmentError(
          `${mesh.name} does not run in containers yet`,
          'use --env local or --env kind',
        );
      }
      return startDockerLab(request, mesh, containers, () => programs(request.topology));
    },
  };
}
