import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ClusterMesh } from '../../meshes/contract.ts';
import { type Instance, isClient } from '../../model/topology.ts';
import { WORKLOAD_LABEL } from './api.ts';
import { appPortsOf } from './manifests.ts';

/** One replica of the plan and the pod that is it now. */
export interface Member {
  readonly instance: Instance;
  pod: V1Pod | undefined;
  /** Every address it ever had, the newest last. */
  readonly addresses: string[];
}

/** Which pod is which replica. A replacement takes the name of the one that is gone. */
export class Roster {
  readonly members: readonly Member[];
  readonly #calledAt: ClusterMesh['calledAt'];

  constructor(instances: readonly Instance[], calledAt: ClusterMesh['calledAt']) {
    this.members = instances.map((instance) => ({ instance, pod: undefined, addresses: [] }));
    this.#calledAt = calledAt;
  }

  /** Takes the pods as they are now; returns members whose pod is new. */
  update(pods: readonly V1Pod[]): Member[] {
    const alive = pods
      .filter((pod) => pod.metadata?.deletionTimestamp === undefined && !isOver(pod))
      .sort((a, b) => podName(a).localeCompare(podName(b)));
    const taken = new Set<string>();
    for (const member of this.members) {
      const now = alive.find(({ metadata }) => metadata?.uid === member.pod?.metadata?.uid);
      member.pod = member.pod && now;
      if (now && member.pod) taken.add(now.metadata?.uid ?? '');
    }
    const fresh: Member[] = [];
    for (const member of this.members) {
      if (member.pod) continue;
      member.pod = alive.find(
        ({ metadata }) =>
          metadata?.labels?.[WORKLOAD_LABEL] === member.instance.workload && !taken.has(metadata.uid ?? ''),
      );
      if (!member.pod) continue;
      taken.add(member.pod.metadata?.uid ?? '');
      fresh.push(member);
    }
    for (const { pod, addresses, instance } of this.members) {
      const ip = pod?.status?.podIP;
      if (ip === undefined || isClient(instance)) continue;
      for (const address of this.#addressesAt(ip, instance)) {
        if (!addresses.includes(address)) addresses.push(address);
      }
    }
    return fresh;
  }

  /** Where a replica is now; nowhere while it has no address. */
  addressesNow({ instance, pod }: Member): readonly string[] {
    const ip = pod?.status?.podIP;
    return ip === undefined ? [] : this.#addressesAt(ip, instance);
  }

  #addressesAt(ip: string, instance: Instance): string[] {
    return this.#calledAt(appPortsOf(instance)).map((port) => `${ip}:${port}`);
  }

  of(name: string): Member {
    const member = this.members.find(({ instance }) => instance.name === name);
    if (!member) throw new Error(`no instance ${name}`);
    return member;
  }
}

/** What a kubelet has evicted stays in the list of pods, and never runs again. */
const isOver = ({ status }: V1Pod) => status?.phase === 'Failed' || status?.phase === 'Succeeded';

export const podName = (pod: V1Pod | undefined) => pod?.metadata?.name ?? '';

/** The pod's containers and its sidecars, which Kubernetes counts among the init containers. */
export function containers(pod: V1Pod): V1ContainerStatus[] {
  const sidecars = new Set(
    pod.spec?.initContainers
      ?.filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  return [
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
    ...(pod.status?.containerStatuses ?? []),
  ];
}

export function hasContainer(pod: V1Pod, name: string): boolean {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some(
    (container) => container.name === name,
  );
}

export function isReady(pod: V1Pod): boolean {
  return (
    pod.metadata?.deletionTimestamp === undefined &&
    (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

/** "containerd://0f3a…" → "0f3a…", of all that run. */
export function containerIds(pod: V1Pod, only?: string): string[] {
  return containers(pod)
    .filter(({ name }) => only === undefined || name === only)
    .flatMap(({ containerID }) => containerID?.replace(/^.*:\/\//, '') ?? []);
}

export const restarts = (pod: V1Pod) =>
  containers(pod).reduce((sum, { restartCount }) => sum + restartCount, 0);
