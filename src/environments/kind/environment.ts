import type { Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment } from '../contract.ts';

export interface KindOptions {
  /** Whether the cluster stays for the next run. */
  readonly keep?: boolean;
}

/** A real mesh on a kind cluster: every replica a pod, every locality a node. */
export function kindEnvironment(
  mesh: Mesh,
  programs: () => Promise<HostPrograms>,
  options: KindOptions = {},
): Environment {
  return {
    name: 'kind',
    async open(request) {
      // The Kubernetes client takes a second to load; nobody else is to wait for it.
      const { startKindLab } = await import('./lab.ts');
      return startKindLab(request, mesh, programs, options);
    },
  };
}
