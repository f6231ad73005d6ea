import { environmentError, usageError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentKind } from '../contract.ts';

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
      // testcontainers takes a second to load; nobody else is to wait for it.
      const { startDockerLab } = await import('./start.ts').catch(whyNotLoaded);
      return startDockerLab(request, mesh, containers, () => programs(request.topology));
    },
  };
}

/** How a mesh runs in containers; throws where nobody has said yet. */
function containersOf({ name, containers }: Mesh): ContainerMesh {
  if (containers === undefined) throw usageError(`${name} is unsupported in containers`, 'use --env local');
  return containers;
}

/** Whoever has no use for containers need not install what only they take. */
function whyNotLoaded(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'testcontainers'")) throw error;
  throw environmentError(
    'labs in containers take the package testcontainers, which is not installed',
    'install it beside breakwater: npm install --save-dev testcontainers',
  );
}
