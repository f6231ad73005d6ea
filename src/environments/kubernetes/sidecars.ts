import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../../kit/errors.ts';
import { eventually, GaveUp, type NotYet, notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { Mesh, ServiceAddresses } from '../../meshes/contract.ts';
import type { RunContext } from '../../model/evidence.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { isCaller, isClient } from '../../model/topology.ts';
import type { Arrivals } from '../contract.ts';
import { refusedConfiguration } from '../refused.ts';
import { type ClusterApi, messageOf } from './api.ts';
import { type LabContext, patiently, visiblyUntil } from './context.ts';
import { lastWords, rejectedBy } from './diagnose.ts';
import type { PodAgent } from './pod-agent.ts';
import { type Member, podName, type Roster } from './pods.ts';
import type { SidecarLogs } from './sidecar-logs.ts';

const answerTimeoutMs = 5_000;
const arrivalTimeoutMs = 60_000;
const arrivalEveryMs = 50;
/** What a sidecar does not see of its hosts by then, configuration has taken away: that is for the load to show. */
const hostsTimeoutMs = 10_000;
/** Longer than a sidecar keeps lines in its buffer: those about who has asked it for this are gone by then. */
const flushMs = 300;
const idleEveryMs = 50;
/** What a sidecar rejects of one configuration it rejects within this time. */
const steadyMs = 500;

/** A revision of the mesh configuration, and how often each instance's sidecar had rejected one before. */
export interface Revision {
  readonly name: string;
  readonly rejectedBefore: ReadonlyMap<string, number>;
  /** When it was given to the cluster, by `performance.now()`. */
  readonly since: number;
  /** What is under test in it; without any, every host has to be seen. */
  readonly resources: readonly MeshResource[];
}

/** What the sidecars of a lab say of themselves, on their admin interfaces and in their logs. */
export class Sidecars implements Disposable {
  readonly #api: ClusterApi;
  readonly #mesh: Mesh;
  readonly #namespace: string;
  readonly #roster: Roster;
  readonly #logs: SidecarLogs;
  /** By pod: the way to its sidecar's admin interface. */
  readonly #agents = new Map<string, PodAgent>();

  constructor(api: ClusterApi, mesh: Mesh, namespace: string, roster: Roster, logs: SidecarLogs) {
    this.#api = api;
    this.#mesh = mesh;
    this.#namespace = namespace;
    this.#roster = roster;
    this.#logs = logs;
  }

  /** GET of the admin interface of a pod's sidecar. */
  async get(pod: string, path: string, timeoutMs: number): Promise<string> {
    const agent =
      this.#agents.get(pod) ?? this.#api.forward(this.#namespace, pod, this.#mesh.cluster.sidecar.adminPort);
    this.#agents.set(pod, agent);
    const { status, body } = await http(`http://localhost${path}`, { timeoutMs, agent });
    if (status !== 200) throw environmentError(`the sidecar of ${pod} answered ${status} to ${path}`);
    return body;
  }

  /** The answers to several; one that fails is worth another try, whatever the reason. */
  async ask(pod: string, paths: readonly string[]): Promise<string[]> {
    try {
      return await Promise.all(paths.map((path) => this.get(pod, path, answerTimeoutMs)));
    } catch (error) {
      throw new Error(messageOf(error), { cause: error });
    }
  }

  /** What sidecars have said of configuration that they did not take, since their words were last forgotten. */
  get rejections(): RunContext['rejections'] {
    return this.#roster.members.flatMap(({ instance: { name } }) =>
      this.rejectionsOf(name).map((reason) => ({ instance: name, reason })),
    );
  }

  rejectionsOf(instance: string): readonly string[] {
    return [...new Set(this.#mesh.rejectionsIn(this.#logs.said(instance)))];
  }

  /** Instance → how often its sidecar has rejected configuration since it started; one that does not answer has never. */
  async rejectedCounts(): Promise<ReadonlyMap<string, number>> {
    const counts = await Promise.all(
      this.#roster.members.map(async (member) => {
        const count = await this.#rejectedCount(member).catch(() => 0);
        return [member.instance.name, count] as const;
      }),
    );
    return new Map(counts);
  }

  async #rejectedCount({ pod }: Member): Promise<number> {
    const { paths, count } = this.#mesh.sidecar.rejected;
    return count(await this.ask(podName(pod), paths));
  }

  /**
   * Waits until no sidecar has a request under way or lines to write, so that what its log says is all that there
   * is. One that does not tell in time is not waited for: what is missing then is a finding of the analysis. `down`:
   * instances that cannot tell.
   */
  async settle(timeoutMs: number, down: ReadonlySet<string>): Promise<void> {
    const { idle, written } = this.#mesh.sidecar;
    await Promise.all(
      this.#roster.members.map(async ({ instance, pod }) => {
        if (down.has(instance.name)) return;
        const name = podName(pod);
        const attempt = async () => {
          const busy = idle.answer(await this.ask(name, idle.paths));
          if (busy) return busy;
          await sleep(flushMs);
          const unwritten = written.answer(await this.ask(name, written.paths));
          return unwritten ?? idle.answer(await this.ask(name, idle.paths));
        };
        await eventually(patiently(attempt), {
          waitingFor: `the requests at ${instance.name} to end`,
          timeoutMs,
          everyMs: idleEveryMs,
        }).catch(() => {});
      }),
    );
  }

  /**
   * Waits until every sidecar holds a revision and sees the hosts that there are, as far as the configuration under
   * test leaves it any; resolves with instance → milliseconds that it took to hold it. Throws when one rejects it, but not before the others have answered: what
   * they say later would be taken for an answer to the next revision.
   */
  async arrived(
    revision: Revision,
    request: Pick<LabContext['request'], 'ongoing' | 'signal'>,
  ): Promise<Arrivals> {
    const hosts = this.#hosts();
    const waits = this.#roster.members.map(
      async (member) =>
        [member.instance.name, await this.#arrived(member, revision, hosts, request)] as const,
    );
    await Promise.allSettled(waits);
    return new Map(await Promise.all(waits));
  }

  /**
   * The same under load, of the instances that are not `down`: hosts are not waited for, since what a client makes of
   * them is what the load is for.
   */
  async changed(
    revision: Revision,
    down: ReadonlySet<string>,
    request: Pick<LabContext['request'], 'ongoing' | 'signal'>,
  ): Promise<Arrivals> {
    const waits = this.#roster.members
      .filter(({ instance }) => !down.has(instance.name))
      .map(async (member) => {
        const { name } = member.instance;
        const tookMs = await this.#arrived(member, revision, undefined, request, () => down.has(name));
        return down.has(name) ? [] : [[name, tookMs] as const];
      });
    await Promise.allSettled(waits);
    return new Map((await Promise.all(waits)).flat());
  }

  /** Milliseconds until a sidecar held a revision; `hosts` are those that whoever calls has to see then. */
  async #arrived(
    member: Member,
    { name, rejectedBefore, since, resources }: Revision,
    hosts: ServiceAddresses | undefined,
    request: Pick<LabContext['request'], 'ongoing' | 'signal'>,
    isDown: () => boolean = () => false,
  ): Promise<number> {
    const { arrival, ready } = this.#mesh.sidecar;
    const { instance } = member;
    const before = rejectedBefore.get(instance.name) ?? 0;
    const until = (
      what: string,
      attempt: (pod: string) => Promise<Ready>,
      timeoutMs: number = arrivalTimeoutMs,
    ) =>
      visiblyUntil(
        request,
        {
          waitingFor: `the sidecar of ${instance.name} (${podName(member.pod)}) ${what}`,
          timeoutMs,
          everyMs: arrivalEveryMs,
        },
        async () => (isDown() ? undefined : attempt(podName(member.pod))),
      );
    try {
      await until('to hold the configuration', async (pod) =>
        arrival.answer(await this.ask(pod, arrival.paths), { revision: name, rejectedBefore: before }),
      );
      const took = performance.now() - since;
      let rejected = { count: before, atMs: 0 };
      await until('to be in sync', async (pod) => {
        const count = await this.#rejectedCount(member);
        if (count > rejected.count) rejected = { count, atMs: performance.now() };
        if (count > before) return this.#refuse(member, performance.now() - rejected.atMs, resources);
        return ready.answer(await this.ask(pod, ready.paths), new Map());
      });
      if (hosts === undefined || !isCaller(instance)) return took;
      const seesHosts = async (pod: string) => ready.answer(await this.ask(pod, ready.paths), hosts);
      if (resources.length === 0) await until('to see its hosts', seesHosts);
      else await until('to see its hosts', seesHosts, hostsTimeoutMs).catch(unlessGaveUp);
      return took;
    } catch (error) {
      if (!(error instanceof GaveUp) || !member.pod) throw error;
      const { sidecar, controlPlane } = this.#mesh.cluster;
      throw environmentError(
        error.message,
        `look whether ${controlPlane.deployment} runs and what its log says of ${podName(member.pod)}\n${await lastWords(this.#api, member.pod, sidecar.container)}`,
        error,
      );
    }
  }

  /** A sidecar may reject one thing after another, and counts each a moment before its words are here. */
  async #refuse(
    { instance, pod }: Member,
    silentMs: number,
    resources: readonly MeshResource[],
  ): Promise<NotYet> {
    const reasons = this.rejectionsOf(instance.name);
    if (reasons.length === 0 || silentMs < steadyMs)
      return notYet('it rejected its configuration; waiting for the reason');
    const who = `${instance.name} (${podName(pod)})`;
    if (resources.length === 0) throw rejectedBy(who, reasons);
    throw refusedConfiguration(
      reasons.map((reason) => ({ instance: who, reason })),
      resources,
      this.#mesh,
    );
  }

  /** Host name of a service → addresses of the replicas that it has now. */
  #hosts(): ServiceAddresses {
    const hosts = new Map<string, string[]>();
    for (const member of this.#roster.members) {
      const { instance } = member;
      const addresses = this.#roster.addressesNow(member);
      if (isClient(instance) || addresses.length === 0) continue;
      const host = this.#mesh.serviceHost(instance.service, this.#namespace);
      hosts.set(host, [...(hosts.get(host) ?? []), ...addresses]);
    }
    return hosts;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

function unlessGaveUp(error: unknown): void {
  if (!(error instanceof GaveUp)) throw error;
}
