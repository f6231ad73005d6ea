import type { V1Pod } from '@kubernetes/client-node';
import { OperatorError } from '../../kit/errors.ts';
import { type EventuallyOptions, eventually, NotYet, notYet } from '../../kit/eventually.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { LabRequest } from '../contract.ts';
import { type ClusterApi, messageOf } from './api.ts';
import type { Cluster } from './cluster.ts';
import type { Run } from './commands.ts';
import type { Nodes } from './nodes.ts';
import { podName, type Roster } from './pods.ts';
import type { SidecarLogs } from './sidecar-logs.ts';
import type { Sidecars } from './sidecars.ts';
import type { Told } from './told.ts';

/** What a lab in a cluster is made from. */
export interface LabParts {
  readonly request: LabRequest;
  readonly mesh: Mesh;
  /** The programs of the mesh. */
  readonly found: HostPrograms;
  readonly run: Run;
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  readonly nodes: Nodes;
}

/** What everything that works on a lab knows. */
export interface LabContext extends LabParts {
  readonly namespace: string;
  readonly roster: Roster;
  readonly logs: SidecarLogs;
  readonly sidecars: Sidecars;
  /** Selects the pods of workloads that this lab may use. */
  readonly workloads: string;
  /** Where the control plane is told of pods: none where it looks for them itself. */
  readonly told: Told | undefined;
  /** When this lab began, to the second. */
  readonly startedAt: Date;
}

/** Path of a port of a pod behind the API server. */
export const throughApi = (namespace: string, pod: V1Pod | undefined, port: number, path: string) =>
  `/api/v1/namespaces/${namespace}/pods/${podName(pod)}:${port}/proxy${path}`;

/** Waits for something in the cluster, and says what is missing while it does. */
export function visiblyUntil<T>(
  { ongoing, signal }: Pick<LabRequest, 'ongoing' | 'signal'>,
  options: Omit<EventuallyOptions, 'signal'>,
  attempt: () => Promise<T | NotYet>,
): Promise<T> {
  const telling = async () => {
    const state = await patiently(attempt)();
    if (state instanceof NotYet) ongoing(`waiting for ${options.waitingFor}: ${state.why.split('\n', 1)[0]}`);
    return state;
  };
  return eventually(telling, { ...options, signal });
}

/** An API server that does not answer once is asked again; what an operator can act on ends the wait. */
export function patiently<T>(attempt: () => Promise<T | NotYet>): () => Promise<T | NotYet> {
  return async () => {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      return notYet(messageOf(error));
    }
  };
}
