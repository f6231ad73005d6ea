import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fullName, type HostInstance, type MeshInContainers } from '../../meshes/contract.ts';
import type { InstanceContext, ProcessSample } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { isServer, portsOf } from '../../model/topology.ts';
import { prepareApp } from '../app-control.ts';
import type { Arrivals, CalledPort, Lab, LabTrial, TrialFolder, WayIn } from '../contract.ts';
import { instanceContext } from '../instance-context.ts';
import { Replicas, replicaNamed, sidecarOf } from '../replicas.ts';
import { firstRevision, Revisions } from '../revisions.ts';
import { readAdmin } from '../sidecar-admin.ts';
import { Sidecars } from '../sidecars.ts';
import { startRounds } from '../start-order.ts';
import { type TrialOnLab, Trials } from '../trial.ts';
import { reachLines } from './access.ts';
import { textIn } from './archive.ts';
import type { LabContext, LabParts } from './context.ts';
import { ControlPlane } from './control-plane.ts';
import { DockerFaults } from './faults.ts';
import { firstRequest } from './first-request.ts';
import { prepareLoad } from './load.ts';
import { ReplicaContainers, sidecarLog } from './replica-containers.ts';
import { ReplicaNetworks } from './replica-networks.ts';
import { emptyLog, fetchLog } from './request-log.ts';

/** What works on a lab whose mesh is prepared. */
interface Prepared {
  readonly context: LabContext;
  readonly starts: ReplicaContainers;
  readonly revisions: Revisions;
  readonly faults: DockerFaults;
}

/**
 * A mesh in containers with a topology in it. A replica is a container that does nothing but keep a network open, in
 * which its app and its sidecar run, each in a container of its own: so either may end and come back, and the network
 * with its capture is still there.
 */
export class DockerLab implements Lab {
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly lost: Promise<string>;
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #parts: LabParts;
  readonly #lose: (reason: string) => void;
  readonly #places: ReplicaNetworks;
  readonly #trials = new Trials();
  #hosts: readonly HostInstance[] = [];
  #prepared: Prepared | undefined;

  constructor(parts: LabParts) {
    this.#parts = parts;
    const { mesh, request, docker, images } = parts;
    this.mesh = fullName(mesh);
    this.signal = request.signal;
    this.programs = {
      docker: String(docker.info.containerRuntime.serverVersion),
      [parts.containerMesh.controlPlane.name]: images.controlPlane,
      sidecar: images.sidecar,
      k6: images.k6,
    };
    this.#places = new ReplicaNetworks(parts);
    const lost = Promise.withResolvers<string>();
    this.#lose = lost.resolve;
    this.lost = lost.promise;
    parts.containers.lost.then(lost.resolve);
  }

  /** Says that the lab is no more. */
  lose(reason: string): void {
    this.#lose(reason);
  }

  get instances(): readonly InstanceContext[] {
    return this.#hosts.map((host) =>
      instanceContext(
        host,
        portsOf(host).map((port) => `${host.address}:${port}`),
      ),
    );
  }

  async start(): Promise<void> {
    const { request, mesh } = this.#parts;
    const { topology, signal } = request;
    await mkdir(request.logs, { recursive: true });
    request.progress('starting the networks of the replicas, with their capture');
    this.#hosts = await Promise.all(topology.instances.map((instance) => this.#places.start(instance)));
    if (topology.outside) await this.#places.outside();
    this.#prepared = this.#workOn(await this.#prepareMesh());
    const { context, starts } = this.#prepared;
    request.progress('starting the control plane and the apps');
    const { first: apps, later } = startRounds(this.#hosts);
    await Promise.all([context.controlPlane.start(), ...apps.map((host) => starts.firstApp(host))]);
    request.progress('starting the sidecars');
    await Promise.all(this.#hosts.map((host) => starts.firstSidecar(host)));
    for (const round of later) await Promise.all(round.map((host) => starts.firstApp(host)));
    request.progress('waiting for the first request through two sidecars');
    const wayIn = (client: string, called: CalledPort) => this.wayIn(client, called);
    this.firstRequestAt = await firstRequest(topology, wayIn, mesh, signal);
    // What is under test comes when the mesh is known to work without it: what fails from then on is its doing.
    if (request.configuration.resources.length > 0) await this.configure(request.configuration);
  }

  async #prepareMesh(): Promise<MeshInContainers> {
    const { request, containerMesh, docker } = this.#parts;
    const [first] = this.#hosts;
    if (first === undefined) throw new Error('the topology has no replica');
    const { container } = this.#places.of(first.name);
    return containerMesh.prepare({
      topology: request.topology,
      revision: firstRevision,
      instances: this.#hosts,
      template: await textIn(await docker.container.fetchArchive(container, containerMesh.template)),
    });
  }

  #workOn(meshInContainers: MeshInContainers): Prepared {
    const { request, mesh, containers } = this.#parts;
    const [hosts, places] = [this.#hosts, this.#places];
    const controlPlane = new ControlPlane(this.#parts, meshInContainers);
    const sidecars = new Sidecars(mesh, request.topology, hosts, {
      runs: ({ name }) => containers.find(sidecarOf(name)) !== undefined,
      controlPlaneGone: () => controlPlane.gone,
      sidecarLog: (host) => sidecarLog(host, request.logs),
    });
    const context = { ...this.#parts, places, hosts, meshInContainers, controlPlane, sidecars };
    const starts = new ReplicaContainers(context);
    const replicas = new Replicas(containers, starts, (withdrawn) =>
      controlPlane.tell(meshInContainers.withdraw(withdrawn)),
    );
    return {
      context,
      starts,
      revisions: new Revisions(
        sidecars,
        (...given) => controlPlane.tell(meshInContainers.configure(...given)),
        this.signal,
      ),
      faults: new DockerFaults(context, replicas),
    };
  }

  get #started(): Prepared {
    if (!this.#prepared) throw new Error('not started');
    return this.#prepared;
  }

  async configure(configuration: MeshConfiguration, signal?: AbortSignal): Promise<Arrivals> {
    return this.#started.revisions.configure(configuration, signal);
  }

  async change(configuration: MeshConfiguration, signal?: AbortSignal): Promise<Arrivals> {
    return this.#started.revisions.change(configuration, signal);
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    return this.#started.faults.perform(action, signal);
  }

  trial(folder: TrialFolder): Promise<LabTrial> {
    return this.#trials.begin(folder, (access) => this.#trial(access, folder));
  }

  #trial(access: string, folder: TrialFolder): TrialOnLab {
    const { context } = this.#started;
    const { sidecars } = context;
    const from = Date.now();
    const missing: string[] = [];
    return {
      // What came before is written first: the next line that a sidecar writes goes to the new file.
      opened: sidecars.settle().then(() => this.#openTrial()),
      prepareLoad: (job) => prepareLoad(job, folder.logs, context),
      settle: async () => {
        await sidecars.settle();
        const fetched = this.#hosts.map((host) => fetchLog(host, join(access, `${host.name}.log`), context));
        missing.push(...(await Promise.all(fetched)).flat());
      },
      window: async () => ({
        instances: this.instances,
        rejections: await sidecars.rejections(),
        gaps: missing.map((what) => ({ what, fromMs: from, toMs: Date.now() })),
      }),
      release: async () => {},
    };
  }

  async #openTrial(): Promise<void> {
    const { context } = this.#started;
    const servers = this.#hosts.filter(isServer);
    await Promise.all([
      ...this.#hosts.map((host) => emptyLog(host, context)),
      ...servers.map((host) => prepareApp(host, this.#places.control(host))),
    ]);
  }

  #host(name: string): HostInstance {
    return replicaNamed(this.#hosts, name);
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    return readAdmin(this.#host(instance), path, timeoutMs);
  }

  wayIn(client: string, { host }: CalledPort): WayIn {
    return { url: `http://${this.#places.door(client)}${host}`, headers: {} };
  }

  networkMode(instance: string): string {
    return `container:${this.#places.of(this.#host(instance).name).container.id}`;
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#parts.containers.usage();
  }

  access(): readonly string[] {
    return reachLines(this.#started.context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.containers.expectEnds();
    await this.releases?.[Symbol.asyncDispose]();
  }
}
