import { mkdir } from 'node:fs/promises';
import { fullName, type HostInstance, type HostMesh } from '../../meshes/contract.ts';
import type { InstanceContext, ProcessSample } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { portsOf } from '../../model/topology.ts';
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
import type { LabContext, LabParts } from './context.ts';
import { ControlPlane } from './control-plane.ts';
import { LocalFaults } from './faults.ts';
import { firstRequest } from './first-request.ts';
import { Layout } from './layout.ts';
import { prepareLoad } from './load.ts';
import { Programs } from './programs.ts';
import { startRelay } from './relay.ts';
import { ReplicaPrograms } from './replica-programs.ts';
import { leadLogs, leadLogTo, REQUEST_LOG } from './request-log.ts';
import { SpanReceiver } from './span-receiver.ts';
import { TrialSpans } from './trial-spans.ts';

/** What works on a lab whose mesh is prepared. */
interface Prepared {
  readonly context: LabContext;
  readonly starts: ReplicaPrograms;
  readonly revisions: Revisions;
  readonly faults: LocalFaults;
}

/** A mesh on loopback with a topology in it. */
export class LocalLab implements Lab {
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly instances: readonly InstanceContext[];
  readonly signal: AbortSignal;
  readonly lost: Promise<string>;
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #parts: LabParts;
  readonly #layout: Layout;
  readonly #programs: Programs;
  readonly #trials = new Trials();
  #prepared: Prepared | undefined;
  #spans: SpanReceiver | undefined;

  constructor(parts: LabParts) {
    const { request, mesh, found, block, supervisor } = parts;
    this.#parts = parts;
    this.#layout = new Layout(request, mesh, block);
    this.#programs = new Programs(supervisor);
    this.lost = this.#programs.lost;
    this.signal = request.signal;
    this.mesh = fullName(mesh);
    this.programs = found.versions;
    this.instances = this.#layout.hosts.map((host) =>
      instanceContext(host, [
        ...portsOf(host).map((port) => `${host.address}:${port}`),
        ...host.relays.flatMap(({ address, ports }) =>
          [...ports.values()].map((port) => `${address}:${port}`),
        ),
      ]),
    );
  }

  async start(): Promise<void> {
    const { request, mesh } = this.#parts;
    const { hosts, relay } = this.#layout;
    await this.#makeFolders();
    request.progress('preparing certificates and configuration');
    this.#prepared = this.#workOn(await this.#prepareMesh());
    const { context, starts } = this.#prepared;
    await this.#listenToSpans();
    request.progress('starting the control plane and the workloads');
    const { first: apps, later } = startRounds(hosts);
    const others = [...apps.map((host) => starts.app(host)), ...(relay ? [startRelay(relay, context)] : [])];
    // They start while the control plane does, and wait for it; when it fails, that is what to say.
    const sidecars = hosts.map((host) => starts.firstSidecar(host));
    for (const sidecar of sidecars) sidecar.catch(() => {});
    await Promise.all([context.controlPlane.start(), ...others]);
    await Promise.all(sidecars);
    for (const round of later) await Promise.all(round.map((host) => starts.app(host)));
    request.progress('waiting for the first request through two sidecars');
    this.firstRequestAt = await firstRequest(
      request.topology,
      hosts,
      { serviceHost: mesh.serviceHost, egress: context.hostMesh.egress },
      context.hostMesh.gatewayPort,
      request.signal,
    );
    // What is under test comes when the mesh is known to work without it: what fails from then on is its doing.
    if (request.configuration.resources.length > 0) await this.configure(request.configuration);
  }

  async #makeFolders(): Promise<void> {
    await Promise.all([
      mkdir(this.#parts.request.logs, { recursive: true }),
      ...this.#layout.hosts.map(async (host) => {
        await mkdir(host.directory, { recursive: true, mode: 0o700 });
        await leadLogTo(host);
      }),
    ]);
  }

  #prepareMesh(): Promise<HostMesh> {
    const { request, mesh, found } = this.#parts;
    return mesh.prepareOnHost({
      topology: request.topology,
      revision: firstRevision,
      instances: this.#layout.hosts,
      address: this.#layout.controlPlane,
      port: (usual) => this.#layout.port(usual),
      directory: request.directory,
      logs: request.logs,
      accessLog: REQUEST_LOG,
      programs: found.paths,
      files: found.files,
    });
  }

  #workOn(hostMesh: HostMesh): Prepared {
    const { request, mesh } = this.#parts;
    const [layout, programs] = [this.#layout, this.#programs];
    const controlPlane = new ControlPlane(hostMesh, programs, this.signal);
    const sidecars = new Sidecars(mesh, request.topology, layout.hosts, {
      runs: ({ name }) => programs.find(sidecarOf(name)) !== undefined,
      controlPlaneGone: () => controlPlane.gone,
      sidecarLog: (host) => hostMesh.sidecarLog(host),
    });
    const context = { ...this.#parts, layout, programs, hostMesh, controlPlane, sidecars };
    const starts = new ReplicaPrograms(context);
    const replicas = new Replicas(programs, starts, async (withdrawn) => {
      if (hostMesh.withdraw === undefined) {
        throw new Error(`${this.mesh} tells callers of no replica that goes`);
      }
      await hostMesh.withdraw(withdrawn);
    });
    return {
      context,
      starts,
      revisions: new Revisions(sidecars, (...given) => hostMesh.configure(...given), this.signal),
      faults: new LocalFaults(context, replicas),
    };
  }

  async #listenToSpans(): Promise<void> {
    const { request, mesh } = this.#parts;
    const { topology, warn } = request;
    const { collector } = mesh.hostPorts;
    if (topology.tracing === undefined || collector === undefined) return;
    const at = { host: this.#layout.controlPlane, port: this.#layout.port(collector) };
    this.#spans = await SpanReceiver.listen(at, topology.tracing, warn);
  }

  /** What of the mesh is in this process; its programs are the supervisor's. */
  async closeControlPlane(): Promise<void> {
    await this.#prepared?.context.hostMesh.closeControlPlane();
    await this.#spans?.[Symbol.asyncDispose]();
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
    // What came before is written first: the next line that a sidecar writes goes to the new file.
    const opened = sidecars.settle().then(() => this.#openTrial(access));
    const spans = this.#spans && new TrialSpans(this.#spans, folder.evidence, opened, context);
    return {
      opened,
      prepareLoad: (job) => prepareLoad(job, folder.logs, context),
      settle: async () => {
        await sidecars.settle();
        await spans?.settle();
      },
      window: async () => ({
        instances: this.instances,
        rejections: await sidecars.rejections(),
        // Sidecars write their logs straight into the evidence.
        gaps: [],
        ...(spans === undefined ? {} : { spans: await spans.sent() }),
      }),
      release: async () => {
        await spans?.end();
        await leadLogs(context);
      },
    };
  }

  async #openTrial(access: string): Promise<void> {
    const { hosts } = this.#layout;
    await Promise.all([
      leadLogs(this.#started.context, access),
      ...hosts.map((host) => prepareApp(host, this.#layout.control(host))),
    ]);
  }

  #host(name: string): HostInstance {
    return replicaNamed(this.#layout.hosts, name);
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    return readAdmin(this.#host(instance), path, timeoutMs);
  }

  wayIn(client: string, { service, port, host }: CalledPort): WayIn {
    const egress = this.#started.context.hostMesh.egress(this.#host(client), service, port);
    return { url: `http://${egress.address}:${egress.port}`, headers: { host } };
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#programs.usage();
  }

  access(): readonly string[] {
    return reachLines(this.#started.context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared?.faults[Symbol.dispose]();
    this.#programs.expectEnds();
    await this.releases?.[Symbol.asyncDispose]();
  }
}
