import type { V1Pod } from '@kubernetes/client-node';
import { OperatorError } from '../../kit/errors.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { EnvironmentRequest } from '../contract.ts';
import { type ClusterApi, messageOf } from './api.ts';
import type { Cluster } from './cluster.ts';
import type { Run } from './commands.ts';
import { podName, type Roster } from './pods.ts';
import type { KindSettings } from './versions.ts';

/** What everything that works on a started cluster knows. */
export interface LabContext {
  readonly request: EnvironmentRequest;
  readonly mesh: Mesh;
  readonly found: HostPrograms;
  readonly settings: KindSettings;
  readonly run: Run;
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  readonly namespace: string;
  readonly roster: Roster;
  /** When this run began, to the second. */
  readonly startedAt: Date;
  /** GET of the admin interface of a pod's sidecar. */
  admin(pod: string, path: string, timeoutMs: number): Promise<string>;
  /** Follows the sidecar's log of members whose pod is new. */
  follow(instance: string, pod: string, fresh: boolean): void;
}

/** Pods that are replicas now, and what of their configuration their sidecars have rejected in this run. */
export async function podRejections({ api, mesh, roster, startedAt }: LabContext) {
  const { namespace, labelSelector, container } = mesh.cluster.controlPlane;
  const logs = await Promise.all(
    (await api.pods(namespace, labelSelector).catch(() => [])).map(async (pod) => {
      const sinceTime = startedAt.toISOString().replace(/\.\d+/, '');
      const query = new URLSearchParams({ container, sinceTime, limitBytes: '4000000' });
      const path = `/api/v1/namespaces/${namespace}/pods/${podName(pod)}/log?${query}`;
      const answer = await api.request('GET', path).catch(() => undefined);
      return answer?.status === 200 ? answer.body : '';
    }),
  );
  const current = new Set(roster.members.map(({ pod }) => podName(pod)));
  return mesh.cluster.rejections(logs.join('\n')).filter(({ pod }) => current.has(pod));
}

/** Path of a port of a pod behind the API server. */
export const throughApi = (namespace: string, pod: V1Pod | undefined, port: number, path: string) =>
  `/api/v1/namespaces/${namespace}/pods/${podName(pod)}:${port}/proxy${path}`;

/** An API server that does not answer once is asked again; what an operator can act on ends the wait. */
export function patiently<T extends object>(attempt: () => Promise<T | string>): () => Promise<T | string> {
  return async () => {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      return messageOf(error);
    }
  };
}
