import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullName } from '../../meshes/contract.ts';
import type { InstanceContext, ProcessSample } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration, MeshResource } from '../../model/mesh-configuration.ts';
import { isClient } from '../../model/topology.ts';
import type { Arrivals, Lab, LabTrial, TrialFolder, TrialWindow } from '../contract.ts';
import { instanceContext } from '../instance-context.ts';
import { type TrialOnLab, Trials } from '../trial.ts';
import { reachLines } from './access.ts';
import { messageOf, WORKLOAD_LABEL } from './api.ts';
import { askVersions } from './ask-versions.ts';
import type { LabContext, LabParts } from './context.ts';
import { deploy, outsidePod, podsReady } from './deployment.ts';
import { ClusterFaults } from './faults.ts';
import { firstRequest } from './first-request.ts';
import { checkInstallation } from './installation.ts';
import { prepareK6 } from './k6.ts';
import { usable } from './made-anew.ts';
import { type Member, podName, Roster } from './pods.ts';
import { seedApps } from './seeds.ts';
import { SidecarLogs } from './sidecar-logs.ts';
import { type Revision, Sidecars } from './sidecars.ts';
import { takePods } from './take-pods.ts';
import { Told } from './told.ts';
import { AppliedResources, type UnderTest } from './under-test.ts';
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
  readonly #logs: SidecarLogs;
  readonly #sidecars: Sidecars;
  readonly #underTest: UnderTest;
  readonly #usage: ClusterUsage;
  readonly #ended = new AbortController();
  #lose: (reason: string) => void = () => {};
  #watching: Promise<void> | undefined;
  #revisions = 0;
  /** The newest one that every sidecar was asked to hold. */
  #revision = '';
  /** The one at which clients' views of the hosts were last made anew. */
  #hostsSince = '';
  /** What is under test in it. */
  #resources: readonly MeshResource[] = [];
  readonly #trials = new Trials();

  constructor(parts: LabParts) {
    const { request, mesh, api, cluster, found } = parts;
    const { namespace } = request.topology;
    const { sidecar, controlPlane, control, calledAt } = mesh.cluster;
    const { mark } = mesh.telemetry.accessLog;
    this.signal = request.signal;
    this.mesh = fullName(mesh);
    this.programs = { ...found.versions, ...cluster.versions };
    this.#roster = new Roster(request.topology.instances, calledAt);
    this.#logs = new SidecarLogs(api, namespace, sidecar.container, mark, request.logs);
    this.#sidecars = new Sidecars(api, mesh, namespace, this.#roster, this.#logs);
    this.#usage = new ClusterUsage(api, cluster.nodes, this.#roster, controlPlane, sidecar.container);
    const context = {
      ...parts,
      namespace,
      roster: this.#roster,
      logs: this.#logs,
      sidecars: this.#sidecars,
      workloads: usable(WORKLOAD_LABEL, mesh, request.runId),
      startedAt: new Date(),
    };
    if (control.by === 'telling') {
      const told = new Told(parts, control);
      this.#context = { ...context, told };
      this.#underTest = told;
    } else {
      this.#context = { ...context, told: undefined };
      this.#underTest = new AppliedResources(this.#context, control);
    }
    this.#faults = new ClusterFaults(this.#context);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  async start(): Promise<void> {
    const context = this.#context;
    const { request, mesh, namespace } = context;
    await mkdir(request.logs, { recursive: true });
    await deploy(context);
    const since = performance.now();
    await podsReady(context);
    this.#faults.arm();
    this.#watching = this.#watch();
    await this.#hold({ rejectedBefore: new Map(), since, resources: [] }, this.signal);
    request.progress('waiting for the first request through two sidecars');
    for (const { from, to, port } of request.topology.calls) {
      // What apps call is answered before they are.
      if (this.#clients(from).length === 0) continue;
      const url = `http://${mesh.serviceHost(to, namespace)}:${port}/`;
      const answeredAt = await firstRequest(context, podName(this.#clients(from)[0]?.pod), url);
      if (Number.isNaN(this.firstRequestAt)) this.firstRequestAt = answeredAt;
    }
    const client = podName(this.#clients()[0]?.pod);
    const installed = await checkInstallation(context);
    this.programs = { ...this.programs, ...installed, ...(await askVersions(context, client)) };
    this.mesh = `${mesh.name} ${installed[mesh.cluster.controlPlane.deployment] ?? mesh.version}`;
    // What is under test comes when the mesh is known to work without it: what fails from then on is its doing.
    if (request.configuration.resources.length > 0) await this.configure(request.configuration);
  }

  /** With every address that a replica has had. */
  get instances(): readonly InstanceContext[] {
    return this.#roster.members.map(({ instance, addresses, pod }) =>
      instanceContext(instance, isClient(instance) ? [pod?.status?.podIP ?? ''] : addresses),
    );
  }

  /**
   * Keeps the roster true, and notices what ends without a fault. Listing is also the proof that pods were well at
   * that moment, and that the API server is there; an informer tells what has changed and is silent otherwise, so
   * both would have to be asked for beside it. A list that is like the last one is not read (`ClusterApi.pods`).
   */
  async #watch(): Promise<void> {
    const { api, namespace, workloads } = this.#context;
    let heardAt = Date.now();
    while (!this.#ended.signal.aborted) {
      const askedMs = Date.now();
      try {
        const pods = await api.pods(namespace, workloads);
        heardAt = Date.now();
        const taken = takePods(this.#context, pods);
        // Whoever waits for a pod hears of it as well.
        taken.catch(() => {});
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

  async configure(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    await this.#renew(signal);
    const rejectedBefore = await this.#sidecars.rejectedCounts();
    this.#logs.forget();
    await this.#underTest.replace(configuration);
    this.#resources = configuration.resources;
    return this.#hold({ rejectedBefore, since: performance.now(), resources: this.#resources }, signal);
  }

  async change(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    const rejectedBefore = await this.#sidecars.rejectedCounts();
    const since = performance.now();
    await this.#underTest.replace(configuration);
    this.#resources = configuration.resources;
    const name = this.#nextRevision();
    const { ongoing } = this.#context.request;
    await this.#underTest.mark({ name, hostsSince: this.#hostsSince }, { ongoing, signal });
    const revision = { rejectedBefore, since, resources: this.#resources, name };
    return this.#sidecars.changed(revision, this.#faults.down, { ongoing, signal });
  }

  /** Marks the configuration that was applied, and waits until every sidecar holds it. */
  async #hold(change: Omit<Revision, 'name'>, signal: AbortSignal): Promise<Arrivals> {
    const { request } = this.#context;
    request.progress('waiting for the sidecars to be in sync');
    const name = this.#nextRevision();
    this.#hostsSince = name;
    await this.#underTest.mark({ name, hostsSince: name }, { ongoing: request.ongoing, signal });
    return this.#sidecars.arrived({ ...change, name }, { ongoing: request.ongoing, signal });
  }

  #nextRevision(): string {
    this.#revisions += 1;
    const { mesh, request } = this.#context;
    this.#revision = mesh.cluster.revision(request.runId, this.#revisions);
    return this.#revision;
  }

  /** Pods that faults have worn out are replaced: a trial begins on such as the first one had. */
  async #renew(signal: AbortSignal): Promise<void> {
    if (!(await this.#faults.renew(signal))) return;
    const { request } = this.#context;
    await this.#sidecars.arrived(
      {
        name: this.#revision,
        rejectedBefore: await this.#sidecars.rejectedCounts(),
        since: performance.now(),
        resources: this.#resources,
      },
      { ongoing: request.ongoing, signal },
    );
  }

  trial(folder: TrialFolder): Promise<LabTrial> {
    return this.#trials.begin(folder, (access) => this.#trial(access, folder));
  }

  async #trial(access: string, folder: TrialFolder): Promise<TrialOnLab> {
    const { api, namespace } = this.#context;
    await this.#renew(this.signal);
    // What came before is read first.
    let openedMs = Date.now();
    const opened = this.#settle()
      .then(() => seedApps(this.#context, this.#runningMembers()))
      .then(() => this.#logs.open(access, this.#patienceMs))
      .then(() => {
        openedMs = Date.now();
      });
    return {
      opened,
      prepareLoad: async (job) => {
        const pods =
          job.from === undefined
            ? [await outsidePod(this.#context)]
            : this.#clients(job.from).map(({ pod }) => podName(pod));
        return prepareK6(job, api, namespace, pods, folder.logs);
      },
      settle: async () => {
        await opened;
        await this.#settle();
        await this.#logs.close(this.#patienceMs);
      },
      window: async () => this.#window(openedMs),
      release: () => this.#logs.giveUp(),
    };
  }

  #runningMembers(): Member[] {
    return this.#roster.members.filter(({ instance }) => !this.#faults.down.has(instance.name));
  }

  /** Nothing is concluded from what was interrupted: a node that its fault has silenced is not waited for. */
  get #patienceMs(): number {
    return this.signal.aborted ? 1_000 : 5_000;
  }

  #settle(): Promise<void> {
    return this.#sidecars.settle(this.#patienceMs, this.#faults.down);
  }

  /** What is known of the time since then. */
  #window(sinceMs: number): TrialWindow {
    const gaps = [...this.#logs.gaps, ...this.#faults.gaps]
      .filter(({ toMs }) => toMs >= sinceMs)
      .map((gap) => ({ ...gap, fromMs: Math.max(gap.fromMs, sinceMs) }));
    return { instances: this.instances, rejections: this.#sidecars.rejections, gaps };
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    return this.#sidecars.get(podName(this.#roster.of(instance).pod), path, timeoutMs);
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
    this.#sidecars[Symbol.dispose]();
    this.#underTest[Symbol.dispose]();
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
