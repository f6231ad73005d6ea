import type { ContainerMesh, HostInstance, Mesh, MeshInContainers } from '../../meshes/contract.ts';
import type { LabRequest } from '../contract.ts';
import type { Sidecars } from '../sidecars.ts';
import type { Containers } from './containers.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Docker } from './docker.ts';
import type { LabImages } from './images.ts';
import type { LabNetworks } from './networks.ts';
import type { ReplicaNetworks } from './replica-networks.ts';

/** What a lab in containers is made from. */
export interface LabParts {
  readonly request: LabRequest;
  readonly mesh: Mesh;
  readonly containerMesh: ContainerMesh;
  readonly docker: Docker;
  readonly images: LabImages;
  readonly containers: Containers;
  readonly networks: LabNetworks;
}

/** What everything that works on a lab knows. */
export interface LabContext extends LabParts {
  /** Where replicas are, and the ways in. */
  readonly places: ReplicaNetworks;
  readonly hosts: readonly HostInstance[];
  readonly meshInContainers: MeshInContainers;
  readonly controlPlane: ControlPlane;
  readonly sidecars: Sidecars;
}

/** How long what is in a container may take until it is ready. */
export const startTimeoutMs = 60_000;

/**
 * Ports in the network of a replica beside those of its service, none of which its sidecar takes; `past` is its app's,
 * for whoever asks it without a mesh.
 */
export const ports = { control: 18_081, door: 18_082, past: 18_083 } as const;

/** Who runs what is no sidecar. */
export const appUser = 65_532;
