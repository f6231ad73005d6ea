import { generatorName, type ProcessSample } from '../../model/evidence.ts';
import { isClient } from '../../model/topology.ts';
import type { ClusterApi } from './api.ts';
import { APP, GENERATOR } from './manifests.ts';
import { podName, type Roster } from './pods.ts';

/** The kubelet itself looks every ten seconds. */
const everyMs = 4_000;

interface Summary {
  readonly pods?: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers?: readonly {
      readonly name: string;
      readonly startTime: string;
      readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
      readonly memory?: { readonly workingSetBytes?: number };
    }[];
  }[];
}

/** CPU and memory of containers, as the kubelets tell; a sample carries the time at which the kubelet took it. */
export class ClusterUsage {
  readonly #api: ClusterApi;
  readonly #nodes: readonly string[];
  readonly #roster: Roster;
  readonly #controlPlane: { readonly namespace: string; readonly deployment: string };
  readonly #sidecar: string;
  readonly #seen = new Map<string, number>();
  readonly #since = Date.now();
  /** What containers of before this run had used already. */
  readonly #before = new Map<string, number>();
  #nextAt = 0;

  constructor(
    api: ClusterApi,
    nodes: readonly string[],
    roster: Roster,
    controlPlane: { readonly namespace: string; readonly deployment: string },
    sidecar: string,
  ) {
    this.#api = api;
    this.#nodes = nodes;
    this.#roster = roster;
    this.#controlPlane = controlPlane;
    this.#sidecar = sidecar;
  }

  /** What is new since the last call. */
  async sample(): Promise<ProcessSample[]> {
    if (Date.now() < this.#nextAt) return [];
    this.#nextAt = Date.now() + everyMs;
    const summaries = await Promise.all(
      this.#nodes.map(async (node) => {
        const path = `/api/v1/nodes/${node}/proxy/stats/summary?only_cpu_and_memory=true`;
        const answer = await this.#api.request('GET', path, { timeoutMs: 2_500 }).catch(() => undefined);
        return answer?.status === 200 ? (JSON.parse(answer.body) as Summary) : {};
      }),
    );
    const samples = summaries.flatMap(({ pods = [] }) =>
      pods.flatMap(({ podRef, containers = [] }) =>
        containers.flatMap(({ name, startTime, cpu, memory }) => {
          const as = this.#name(podRef, name);
          const t = Date.parse(cpu?.time ?? '');
          if (as === undefined || cpu?.usageCoreNanoSeconds === undefined || Number.isNaN(t)) return [];
          // A container has no process id of its own here; its start tells it from the next one.
          const pid = Math.floor(Date.parse(startTime) / 1_000);
          const cpuMs = this.#own(`${as} ${pid}`, Date.parse(startTime), cpu.usageCoreNanoSeconds / 1e6);
          return [{ t, name: as, pid, cpuMs, rssBytes: memory?.workingSetBytes ?? 0 }];
        }),
      ),
    );
    return samples.filter(({ name, t }) => {
      if ((this.#seen.get(name) ?? 0) >= t) return false;
      this.#seen.set(name, t);
      return true;
    });
  }

  /** CPU time of this run: on a kept cluster, containers have worked for others before. */
  #own(container: string, startedMs: number, cpuMs: number): number {
    const before = this.#before.get(container) ?? (startedMs < this.#since ? cpuMs : 0);
    this.#before.set(container, before);
    return cpuMs - before;
  }

  #name(pod: { readonly name: string; readonly namespace: string }, container: string): string | undefined {
    const { namespace, deployment } = this.#controlPlane;
    if (pod.namespace === namespace && pod.name.startsWith(`${deployment}-`)) return deployment;
    const member = this.#roster.members.find(({ pod: own }) => podName(own) === pod.name);
    if (!member) return undefined;
    if (container === this.#sidecar) return `${member.instance.name}/sidecar`;
    if (container === GENERATOR) {
      const clients = this.#roster.members.filter(({ instance }) => isClient(instance));
      return generatorName(clients.indexOf(member), clients.length);
    }
    return container === APP ? `${member.instance.name}/app` : undefined;
  }
}
