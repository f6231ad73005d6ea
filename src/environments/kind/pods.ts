import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { RunContext } from '../../evidence/contract.ts';
import type { PlannedInstance } from '../../plan/contract.ts';
import { WORKLOAD_LABEL } from './api.ts';
import { appPorts } from './manifests.ts';

/** One replica of the plan and the pod that is it now. */
export interface Member {
  readonly instance: PlannedInstance;
  pod: V1Pod | undefined;
  /** Every address it ever had, the newest last. */
  readonly addresses: string[];
}

/** Which pod is which replica. A replacement takes the name of the one that is gone. */
export class Roster {
  readonly members: readonly Member[];

  constructor(instances: readonly PlannedInstance[]) {
    this.members = instances.map((instance) => ({ instance, pod: undefined, addresses: [] }));
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
      if (ip === undefined || instance.client) continue;
      const address = `${ip}:${appPorts.service}`;
      if (addresses.at(-1) !== address) addresses.push(address);
    }
    return fresh;
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

/** How a container of a pod has ended, and when; undefined when none has since there were `before` restarts. */
function ending(pod: V1Pod, before: number): { readonly how: string; readonly atMs: number } | undefined {
  const all = containers(pod);
  if (restarts(pod) <= before && isRunning(pod)) return undefined;
  const [last] = all
    .flatMap(({ name, state, lastState }) => {
      const end = state?.terminated ?? lastState?.terminated;
      if (!end) return [];
      const atMs = new Date(end.finishedAt ?? Number.NaN).getTime();
      return [
        { how: `${name}: ${end.reason}, exit code ${end.exitCode}`, atMs: atMs || Number.POSITIVE_INFINITY },
      ];
    })
    .sort((one, other) => other.atMs - one.atMs);
  return last ?? { how: 'a container ended', atMs: Number.POSITIVE_INFINITY };
}

const isRunning = (pod: V1Pod) => containers(pod).every(({ state }) => state?.running);

type Gap = RunContext['gaps'][number];

/** How an instance was when it was last known to be well, and what is missing since it is not. */
interface Health {
  readonly pod: string;
  readonly uid: string | undefined;
  readonly restarts: number;
  readonly acceptedMs: number;
  wellMs: number;
  what?: string;
}

/** Gaps in the evidence where a pod ended that no fault has ended, until it or its successor is ready. */
export class Interruptions {
  readonly #health = new Map<string, Health>();
  readonly #closed: Gap[] = [];

  /** With those that are still open, which last until now. */
  get gaps(): readonly Gap[] {
    const open = [...this.#health.values()].flatMap(({ what, wellMs }) =>
      what === undefined ? [] : [{ what, fromMs: wellMs, toMs: Date.now() }],
    );
    return [...this.#closed, ...open];
  }

  /** From here on this pod, as it is now, is the instance. */
  accept({ instance, pod }: Member): void {
    const nowMs = Date.now();
    const before = this.#health.get(instance.name);
    if (before?.what !== undefined) {
      this.#closed.push({ what: before.what, fromMs: before.wellMs, toMs: nowMs });
    }
    this.#health.set(instance.name, {
      pod: podName(pod),
      uid: pod?.metadata?.uid,
      restarts: pod ? restarts(pod) : 0,
      acceptedMs: nowMs,
      wellMs: nowMs,
    });
  }

  /** Looks at an instance in a list of pods that was asked for at `askedMs`; says how it has ended, if it has. */
  look(member: Member, askedMs: number): string | undefined {
    const { instance, pod } = member;
    const health = this.#health.get(instance.name);
    // What was asked before the instance was accepted tells of another pod, or of an older state.
    if (!health || askedMs < health.wellMs) return undefined;
    const same = pod !== undefined && pod.metadata?.uid === health.uid;
    const ended = same ? ending(pod, health.restarts) : undefined;
    if (same && !ended && health.what === undefined) {
      // A paused app is not ready after a while, and nothing has ended.
      if (isReady(pod)) health.wellMs = askedMs;
      return undefined;
    }
    // A kubelet tells a second late what has ended.
    if (ended) health.wellMs = Math.max(health.acceptedMs, Math.min(health.wellMs, ended.atMs));
    const was = !pod ? 'is gone' : same ? `was restarted (${ended?.how})` : 'was replaced';
    if (!same || ended) health.what = `the pod ${health.pod} of ${instance.name} ${was}`;
    if (pod && isReady(pod) && isRunning(pod)) this.accept(member);
    return health.what;
  }
}
