import type { Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment } from '../contract.ts';

export interface KindOptions {
  /** Whether the cluster stays for the next run. */
  readonly keep?: boolean;
}

/** What can be done to the pods and nodes of a cluster whose machines are containers of this one. */
export const kindActions = [
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

/** A real mesh on a kind cluster: every replica a pod, every locality a node. */
export function kindEnvironment(
  mesh: Mesh,
  programs: () => Promise<HostPrograms>,
  options: KindOptions = {},
): Environment {
  return {
    name: 'kind',
    performs: kindActions,
    async open(request) {
      // The Kubernetes client takes a second to load; nobody else is to wait for it.
      const { startKindLab } = await import('./lab.ts');
      return startKindLab(request, mesh, programs, options);
    },
  };
}
