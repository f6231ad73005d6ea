import type { Supervisor } from '../../kit/supervisor/client.ts';
import type { HostMesh, Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { LabRequest } from '../contract.ts';
import type { Sidecars } from '../sidecars.ts';
import type { LoopbackBlock } from './addresses.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Layout } from './layout.ts';
import type { Programs } from './programs.ts';

/** What a lab on loopback is made from. */
export interface LabParts {
  readonly request: LabRequest;
  readonly mesh: Mesh;
  readonly found: HostPrograms;
  readonly block: LoopbackBlock;
  readonly supervisor: Supervisor;
  /** The command that runs in the place of the sample app. */
  readonly app: readonly string[] | undefined;
}

/** What everything that works on a lab knows. */
export interface LabContext extends LabParts {
  readonly layout: Layout;
  readonly programs: Programs;
  readonly hostMesh: HostMesh;
  readonly controlPlane: ControlPlane;
  readonly sidecars: Sidecars;
}

/** How long a program of a lab may take until it is ready. */
export const startTimeoutMs = 30_000;
