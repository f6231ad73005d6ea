import type { Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentKind, EnvironmentOptions } from '../contract.ts';

/** What can be done to the pods and nodes of a cluster whose machines are containers of this one. */
const performs = [
  'set-fault',
  'clear-fault',
  'kill',
  'start',
  'pause',
  'resume',
  'stop-node',
  'start-node',
  'scale-down',
  'scale-up',
  'stop-control-plane',
  'start-control-plane',
] as const satisfies Environment['performs'];

export const kind: EnvironmentKind = {
  changes: false,
  gateways: false,
  captures: true,
  unsupported: (mesh, ...about) => mesh.cluster.unsupported(...about),
  performs,
  programs: (mesh) => mesh.cluster.programs,
  upTimeoutMs: 1_200_000,
  usualMs: { up: 100_000, besideLoad: 3_500 },
  make: kindEnvironment,
};

/** A real mesh on a kind cluster: every replica a pod, every locality a node. */
function kindEnvironment(
  mesh: Mesh,
  programs: (topology: TopologyPlan) => Promise<HostPrograms>,
  options: EnvironmentOptions,
): Environment {
  return {
    name: 'kind',
    performs,
    async open(request) {
      // The Kubernetes client takes a second to load; nobody else is to wait for it.
      const { startKindLab } = await import('./lab.ts');
      return startKindLab(request, mesh, programs, options);
    },
  };
}
