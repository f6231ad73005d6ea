import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../../kit/errors.ts';
import { http } from '../../kit/http.ts';
import type { InstanceContext, ProcessSample, RunContext } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { isClient } from '../../model/topology.ts';
import type { Arrivals, Lab, LabTrial, TrialFolder } from '../contract.ts';
import { AccessLogs } from './access-logs.ts';
import { messageOf, WORKLOAD_LABEL } from './api.ts';
import { askVersions } from './ask-versions.ts';
import type { LabContext, LabParts } from './context.ts';
import { deploy, podsReady, sidecarsInSync } from './deployment.ts';
import { ClusterFaults } from './faults.ts';
import { firstRequest } from './first-request.ts';
import { checkInstallation } from './installation.ts';
import { prepareK6 } from './k6.ts';
import type { PodAgent } from './pod-agent.ts';
import { type Member, podName, Roster } from './pods.ts';
import { reachLines } from './reach.ts';
import { Rejections } from './rejections.ts';
import { seedApps } from './seeds.ts';
import { ClusterUsage } from './usage.ts';

const watchEveryMs = 1_000;
/** The API server may be slow on a busy machine; silence this long is a cluster that is gone. */
const silenceMs = 20_000;

/**
 * The topology of a scenario in a cluster that has the mesh already. Disposing takes down all that `releases` has;
 * the objects in the cluster stay.
 */
export class KubernetesLab implements Lab {
  mesh: string;
  programs: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly lost: Promise<string>;
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #context: LabContext;
  readonly #roster: Roster;
  readonly #faults: ClusterFaults;
  readonly #logs: AccessLogs;
  readonly #usage: ClusterUsage;
  /** By pod: the way to its sidecar's admin interface. */
  readonly #admins = new Map<string, PodAgent>();
  readonly #ended = new AbortController();
  #lose: (reason: string) => void = () => {};
  #watching: Promise<void> | undefined;

  constructor(parts: LabParts) {
    const { request, mesh, api, cluster, found } = parts;
    const { namespace } = request.topology;
    const { sidecar, controlPlane } = mesh.cluster;
    const startedAt = new Date();
    this.signal = request.signal;
    this.mesh = `${mesh.name} ${mesh.version}`;
    this.programs = { ...found.versions, ...cluster.versions };
    this.#roster = new Roster(request.topology.instances);
    this.#logs = new AccessLogs(
      api,
      namespace,
      sidecar.container,
      join(request.directory, 'evidence'),
      request.logs,
    );
    this.#usage = new ClusterUsage(api, cluster.nodes, this.#roster, controlPlane, sidecar.container);
    this.#context = {
      ...parts,
      namespace,
      roster: this.#roster,
      rejections: new Rejections(api, mesh, this.#roster, startedAt),
      startedAt,
      admin: (pod, path, timeoutMs) => this.#admin(pod, path, timeoutMs),
      follow: (instance, pod, fresh) => this.#logs.follow(instance, pod, fresh),
    };
    this.#faults = new ClusterFaults(this.#context);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  async start(): Promise<void> {
    const context = this.#context;
    const { request, mesh, namespace } = context;
    await mkdir(join(request.directory, 'evidence', 'access'), { recursive: true });
    await mkdir(request.logs, { recursive: true });
    await deploy(context);
    await podsReady(context);
    this.#faults.arm();
    this.#watching = this.#watch();
    await sidecarsInSync(context);
    const [call] = request.topology.calls;
    const called = request.topology.services.find(({ name }) => name === call?.to);
    const url = `http://${mesh.serviceHost(called?.name ?? '', namespace)}:${called?.port}/`;
    request.progress('waiting for the first request through two sidecars');
    const client = podName(this.#clients()[0]?.pod);
    this.firstRequestAt = await firstRequest(context, client, url);
    const installed = await checkInstallation(context);
    this.programs = { ...this.programs, ...installed, ...(await askVersions(context, client)) };
    this.mesh = `${mesh.name} ${installed[mesh.cluster.controlPlane.deployment] ?? mesh.version}`;
  }

  /** With every address that a replica has had. */
  get instances(): readonly InstanceContext[] {
    return this.#roster.members.map(({ instance, addresses, pod }) => ({
      name: instance.name,
      service: instance.service,
      workload: instance.workload,
      replica: instance.replica,
      locality: instance.locality,
      role: instance.role,
      addresses: isClient(instance) ? [pod?.status?.podIP ?? ''] : addresses,
    }));
  }

  get gaps(): RunContext['gaps'] {
    return [...this.#logs.gaps, ...this.#faults.gaps, ...this.#context.rejections.gaps];
  }

  /**
   * Keeps the roster true, and notices what ends without a fault. Listing is also the proof that pods were well at
   * that moment, and that the API server is there; an informer tells what has changed and is silent otherwise, so
   * both would have to be asked for beside it. A list that is like the last one is not read (`ClusterApi.pods`).
   */
  async #watch(): Promise<void> {
    const { api, namespace, follow } = this.#context;
    let heardAt = Date.now();
    while (!this.#ended.signal.aborted) {
      const askedMs = Date.now();
      try {
        const pods = await api.pods(namespace, WORKLOAD_LABEL);
        heardAt = Date.now();
        for (const { instance, pod } of this.#roster.update(pods)) follow(instance.name, podName(pod), true);
        const unexpected = this.#faults.unexpected(askedMs);
        if (unexpected !== undefined) this.#lose(unexpected);
      } catch (error) {
        if (Date.now() - heardAt > silenceMs) this.#lose(`the API server is silent: ${messageOf(error)}`);
      }
      await sleep(watchEveryMs, undefined, { signal: this.#ended.signal }).catch(() => {});
    }
  }

  #clients(service?: string): Member[] {
    return this.#roster.members.filter(
      ({ instance }) => isClient(instance) && (service === undefined || instance.service === service),
    );
  }

  perform(action: Action, signal?: AbortSignal): Promise<void> {
    return this.#faults.perform(action, signal);
  }

  async configure(_configuration: MeshConfiguration): Promise<Arrivals> {
    throw environmentError('a cluster cannot change its mesh configuration between trials yet');
  }

  async trial(folder: TrialFolder): Promise<LabTrial> {
    const { api, request, namespace, rejections } = this.#context;
    await Promise.all([
      mkdir(folder.logs, { recursive: true }),
      seedApps(this.#context, this.#roster.members),
    ]);
    return {
      prepareLoad: (job) =>
        prepareK6(
          job,
          api,
          namespace,
          this.#clients(job.from).map(({ pod }) => podName(pod)),
          folder.logs,
        ),
      close: async () => {
        // Nothing is concluded from a run that was interrupted: a node that its fault has silenced is not waited for.
        await this.#logs.collect(request.signal.aborted ? 1_000 : 5_000);
        await cp(join(request.directory, 'evidence'), folder.evidence, { recursive: true });
        return {
          instances: this.instances,
          rejections: await rejections.readPatiently(),
          gaps: this.gaps,
        };
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    return this.#admin(podName(this.#roster.of(instance).pod), path, timeoutMs);
  }

  async #admin(pod: string, path: string, timeoutMs: number): Promise<string> {
    const { api, namespace, mesh } = this.#context;
    const agent = this.#admins.get(pod) ?? api.forward(namespace, pod, mesh.cluster.sidecar.adminPort);
    this.#admins.set(pod, agent);
    const { status, body } = await http(`http://localhost${path}`, { timeoutMs, agent });
    if (status !== 200) throw environmentError(`the sidecar of ${pod} answered ${status} to ${path}`);
    return body;
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#usage.sample();
  }

  access(): readonly string[] {
    return reachLines(this.#context, podName(this.#clients()[0]?.pod));
  }

  /** Ends what this process holds open; the cluster is the stack's business. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#watching;
    await this.#logs.end().catch(() => {});
    for (const agent of this.#admins.values()) agent.destroy();
    const { cluster, request } = this.#context;
    if (!cluster.kept || !this.#faults.disturbed) return;
    request.progress('taking back what the faults did to the cluster');
    await this.#faults
      .mend()
      .catch((error: unknown) => request.warn(`that is left to the next run: ${messageOf(error)}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.releases?.[Symbol.asyncDispose]();
  }
}
