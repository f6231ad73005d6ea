import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { eventually, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { Supervisor } from '../../kit/supervisor/client.ts';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { segment, spreadLoad } from '../../load/generators.ts';
import {
  fullName,
  type HostEndpoint,
  type HostInstance,
  type HostMesh,
  type Mesh,
} from '../../meshes/contract.ts';
import { generatorName, type InstanceContext, type ProcessSample } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { isClient, isServer, portsOf } from '../../model/topology.ts';
import type { SpanCounts } from '../../model/tracing.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import { appReady, controlApp, prepareApp } from '../app-control.ts';
import type { Arrivals, CalledPort, Lab, LabRequest, LabTrial, TrialFolder, WayIn } from '../contract.ts';
import { instanceContext } from '../instance-context.ts';
import { type Revision, reopenLog, Sidecars } from '../sidecars.ts';
import { startReplica, startRounds, stopGraceMs } from '../start-order.ts';
import { Trial } from '../trial.ts';
import { accessLines } from './access.ts';
import type { LoopbackBlock } from './addresses.ts';
import { type AppPorts, appProgram, usualAppPorts } from './app.ts';
import { CpuLimits } from './cpu-limits.ts';
import { HandingOut } from './credentials.ts';
import { firstRequest } from './first-request.ts';
import { startK6 } from './k6.ts';
import { Programs } from './programs.ts';
import { Relay, relayLines } from './relay.ts';
import { leadLogTo, REQUEST_LOG } from './request-log.ts';
import { SlowClients } from './slow-clients.ts';
import { SpanReceiver } from './span-receiver.ts';

/** Where things sit in the lab's block of loopback addresses. */
const hosts = { controlPlane: 1, relay: 2, load: 3, firstInstance: 10, firstEgress: 130 } as const;
export const mostInstances = hosts.firstEgress - hosts.firstInstance;
/** Loads take turns at these for the REST interfaces of their generators. */
const loadAddresses = hosts.firstInstance - hosts.load;
/** Of k6's own REST interface; the next ones when there are several. */
export const generatorPort = 6_565;
const startTimeoutMs = 30_000;

/** Where a load meets the mesh. */
interface LoadPlace {
  readonly name: string;
  /** Where calls of a service on a port go. */
  placeOf(service: string, port: number): HostEndpoint | undefined;
}

/** A host name, or one with its port, as k6 takes it → where it leads: to another port only where that has to be said. */
function nameAt(host: string, port: number, place: HostEndpoint | undefined): readonly [string, string][] {
  if (place === undefined) return [];
  return place.port === port
    ? [[host, place.address]]
    : [[`${host}:${port}`, `${place.address}:${place.port}`]];
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

  readonly #request: LabRequest;
  readonly #meshKind: Mesh;
  readonly #found: HostPrograms;
  readonly #block: LoopbackBlock;
  /** The command that runs in the place of the sample app. */
  readonly #app: readonly string[] | undefined;
  readonly #appPorts: AppPorts;
  readonly #hosts: readonly HostInstance[];
  readonly #programs: Programs;
  readonly #sidecars: Sidecars;
  /** Where faults of the network are to come; it stands between callers and sidecars. */
  readonly #relay: Relay | undefined;
  #hostMesh: HostMesh | undefined;
  #spans: SpanReceiver | undefined;
  readonly #cpuLimits = new CpuLimits();
  #revision = 1;
  /** The revision at which clients' views of the hosts were last made anew. */
  #hostsSince = 1;
  /** By gateway and fault. */
  readonly #slowClients = new Map<string, SlowClients>();
  /** Names of the replicas that callers are not told of. */
  readonly #withdrawn = new Set<string>();
  /** Whether a trial is on: there is one log of requests. */
  #busy = false;

  constructor(
    request: LabRequest,
    mesh: Mesh,
    found: HostPrograms,
    block: LoopbackBlock,
    supervisor: Supervisor,
    app?: readonly string[],
  ) {
    this.#request = request;
    this.#meshKind = mesh;
    this.#found = found;
    this.#block = block;
    this.#app = app;
    this.#appPorts = {
      service: block.port(usualAppPorts.service),
      control: block.port(usualAppPorts.control),
    };
    this.#programs = new Programs(supervisor);
    this.lost = this.#programs.lost;
    this.signal = request.signal;
    this.mesh = fullName(mesh);
    this.programs = found.versions;
    const { instances, links = [] } = request.topology;
    const addressed = instances.map((instance, index) => ({
      ...instance,
      address: block.address(hosts.firstInstance + index),
    }));
    this.#relay =
      links.length === 0
        ? undefined
        : new Relay(links, addressed, block.address(hosts.relay), (usual) => block.port(usual));
    this.#hosts = addressed.map((instance, index) => {
      const { name, address } = instance;
      return {
        ...instance,
        relays: this.#relay?.of(name) ?? [],
        egressAddress: block.address(hosts.firstEgress + index),
        appPort: this.#appPorts.service,
        admin: `${address}:${block.port(mesh.hostPorts.admin)}`,
        directory: join(request.directory, name),
      };
    });
    this.instances = this.#hosts.map((host) =>
      instanceContext(host, [
        ...portsOf(host).map((port) => `${host.address}:${port}`),
        ...host.relays.flatMap(({ address, ports }) =>
          [...ports.values()].map((port) => `${address}:${port}`),
        ),
      ]),
    );
    this.#sidecars = new Sidecars(mesh, request.topology, this.#hosts, {
      runs: (host) => this.#runs(host),
      controlPlaneGone: () => this.#controlPlaneGone,
    });
  }

  async start(): Promise<void> {
    const request = this.#request;
    await Promise.all([
      mkdir(request.logs, { recursive: true }),
      ...this.#hosts.map(async (host) => {
        await mkdir(host.directory, { recursive: true, mode: 0o700 });
        await leadLogTo(host);
      }),
    ]);
    request.progress('preparing certificates and configuration');
    const mesh = await this.#meshKind.prepareOnHost({
      topology: request.topology,
      revision: String(this.#revision),
      instances: this.#hosts,
      address: this.#block.address(hosts.controlPlane),
      port: (usual) => this.#block.port(usual),
      directory: request.directory,
      logs: request.logs,
      accessLog: REQUEST_LOG,
      programs: this.#found.paths,
      files: this.#found.files,
    });
    this.#hostMesh = mesh;
    await this.#listenToSpans();
    request.progress('starting the control plane and the workloads');
    const { first: apps, later } = startRounds(this.#hosts);
    const others = [
      ...apps.map((host) => this.#startApp(host)),
      ...(this.#relay ? [this.#startRelay(this.#relay)] : []),
    ];
    // They start while the control plane does, and wait for it; when it fails, that is what to say.
    const sidecars = this.#hosts.map((host) =>
      this.#startSidecar(
        host,
        mesh,
        () => this.#sidecars.ready(host, mesh),
        request.signal,
        2 * startTimeoutMs,
      ),
    );
    for (const sidecar of sidecars) sidecar.catch(() => {});
    await Promise.all([this.#startControlPlane(mesh), ...others]);
    await Promise.all(sidecars);
    for (const round of later) await Promise.all(round.map((host) => this.#startApp(host)));
    request.progress('waiting for the first request through two sidecars');
    this.firstRequestAt = await firstRequest(
      request.topology,
      this.#hosts,
      { serviceHost: this.#meshKind.serviceHost, egress: mesh.egress },
      mesh.gatewayPort,
      request.signal,
    );
    // What is under test comes when the mesh is known to work without it: what fails from then on is its doing.
    if (request.configuration.resources.length > 0) await this.configure(request.configuration);
  }

  async #listenToSpans(): Promise<void> {
    const { topology, warn } = this.#request;
    const { collector } = this.#meshKind.hostPorts;
    if (topology.tracing === undefined || collector === undefined) return;
    const at = { host: this.#block.address(hosts.controlPlane), port: this.#block.port(collector) };
    this.#spans = await SpanReceiver.listen(at, topology.tracing, warn);
  }

  /** What of the mesh is in this process; its programs are the supervisor's. */
  async closeControlPlane(): Promise<void> {
    await this.#hostMesh?.closeControlPlane();
    await this.#spans?.[Symbol.asyncDispose]();
  }

  get #started(): HostMesh {
    if (!this.#hostMesh) throw new Error('not started');
    return this.#hostMesh;
  }

  #host(name: string): HostInstance {
    const host = this.#hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`no instance ${name}`);
    return host;
  }

  /** "address:port" of an app's control port. */
  #control({ address }: HostInstance): string {
    return `${address}:${this.#appPorts.control}`;
  }

  async #startControlPlane(mesh: HostMesh): Promise<void> {
    await mesh.holdControlPlane();
    const programs = await Promise.all(mesh.controlPlanes.map((spec) => this.#programs.launch(spec)));
    const ready = eventually(() => mesh.controlPlaneReady(), {
      waitingFor: 'the control plane to know the topology',
      timeoutMs: startTimeoutMs,
      signal: this.signal,
    });
    await Promise.all(programs.map((program) => program.until(ready)));
  }

  async #startRelay(relay: Relay): Promise<void> {
    const { directory, logs } = this.#request;
    const path = this.#found.paths['toxiproxy'] ?? '';
    const program = await this.#programs.launch(await relay.program(path, directory, logs));
    await program.until(
      eventually(() => relay.ready(), {
        waitingFor: 'the relay to listen',
        timeoutMs: startTimeoutMs,
        signal: this.signal,
      }),
    );
  }

  async #startApp(host: HostInstance): Promise<void> {
    const { directory, logs, signal } = this.#request;
    const hostOf = (service: string) => this.#meshKind.serviceHost(service, this.#request.topology.namespace);
    const placeOf = (service: string, port: number) => {
      const egress = this.#started.egress(host, service, port);
      return `${egress.address}:${egress.port}`;
    };
    const app = await this.#programs.launch(
      appProgram(host, this.#appPorts, hostOf, placeOf, directory, logs, this.#app),
    );
    await app.until(
      eventually(() => appReady(this.#control(host)), {
        waitingFor: `${host.name}'s app to listen`,
        timeoutMs: startTimeoutMs,
        signal,
      }),
    );
  }

  async #startSidecar(
    host: HostInstance,
    mesh: HostMesh,
    ready: () => Promise<Ready>,
    signal = this.signal,
    timeoutMs = startTimeoutMs,
  ): Promise<void> {
    const sidecar = await this.#programs.launch(mesh.sidecar(host));
    await sidecar.until(
      eventually(ready, {
        waitingFor: `the sidecar of ${host.name}`,
        timeoutMs,
        signal,
      }),
    );
  }

  async configure(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    await this.#sidecars.forget(this.#started);
    const revision = await this.#revise(configuration, true);
    return this.#sidecars.arrived(revision, this.#started, AbortSignal.any([signal, this.signal]));
  }

  async change(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    const revision = await this.#revise(configuration, false);
    return this.#sidecars.changed(revision, this.#started, AbortSignal.any([signal, this.signal]));
  }

  /** Gives the control plane other configuration; what to wait for at the sidecars. */
  async #revise(configuration: MeshConfiguration, anew: boolean): Promise<Revision> {
    const rejectedBefore = await this.#sidecars.rejectedCounts();
    this.#revision += 1;
    if (anew) this.#hostsSince = this.#revision;
    const name = String(this.#revision);
    await this.#started.configure(configuration, { name, hostsSince: String(this.#hostsSince) });
    return { name, rejectedBefore, since: performance.now(), resources: configuration.resources };
  }

  #runs({ name }: HostInstance): boolean {
    return this.#programs.find(`${name}/sidecar`) !== undefined;
  }

  /** Whether a fault has ended it and nobody has started it again yet. */
  get #controlPlaneGone(): boolean {
    return this.#started.controlPlanes.some(({ name }) => this.#programs.find(name) === undefined);
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const mesh = this.#started;
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(this.#control(this.#host(action.target.name)), action);
      case 'kill':
        return this.#kill(action.target.name);
      case 'stop':
        return this.#stop(this.#host(action.target.name));
      case 'start':
        return this.#startAgain(this.#host(action.target.name), signal);
      case 'kill-sidecar':
        return this.#programs.end(`${action.target.name}/sidecar`);
      case 'start-sidecar':
        return this.#startSidecarAgain(this.#host(action.target.name), signal);
      case 'pause':
        return this.#programs.of(`${action.target.name}/app`).signal('SIGSTOP');
      case 'resume':
        return this.#programs.of(`${action.target.name}/app`).signal('SIGCONT');
      case 'limit-cpu': {
        const name = `${action.target.name}/sidecar`;
        return this.#cpuLimits.limit(name, this.#programs.of(name), action.cores);
      }
      case 'unlimit-cpu':
        return this.#cpuLimits.lift(`${action.target.name}/sidecar`);
      case 'stop-control-plane':
        await Promise.all(mesh.controlPlanes.map(({ name }) => this.#programs.end(name)));
        return mesh.closeControlPlane();
      case 'start-control-plane':
        return this.#startControlPlane(mesh);
      case 'call-slowly':
        return this.#callSlowly(this.#host(action.target.name), action);
      case 'stop-calling-slowly':
        return this.#stopCallingSlowly(action);
      case 'issue':
      case 'rotate-authority':
      case 'complete-rotation':
        return new HandingOut(mesh.authority, this.#sidecars, this.#hosts, this.signal).perform(
          action,
          signal,
        );
      case 'disturb-link':
      case 'clear-link':
        if (!this.#relay) throw new Error('no relay runs');
        return this.#relay.perform(action);
      default:
        throw environmentError(`the local lab cannot ${action.do}`, 'use --env kind');
    }
  }

  async #kill(instance: string): Promise<void> {
    const { app } = this.#host(instance);
    const programs = [...(app === undefined ? [] : ['app']), 'sidecar'];
    await Promise.all(programs.map((program) => this.#programs.end(`${instance}/${program}`)));
  }

  #callSlowly(
    { name, address, port, service }: HostInstance,
    { id, connections }: Extract<Action, { do: 'call-slowly' }>,
  ): void {
    const gateway = this.#request.topology.gateways?.find((each) => each.name === service);
    const [host] = gateway?.hosts ?? [];
    if (gateway === undefined || host === undefined) throw new Error(`${name} is no gateway that has hosts`);
    const tls = gateway.certificates.length > 0;
    this.#slowClients.set(`${name} ${id}`, new SlowClients(connections, { address, port, host, tls }));
  }

  #stopCallingSlowly({ target: { name }, id }: Extract<Action, { do: 'stop-calling-slowly' }>): void {
    this.#slowClients.get(`${name} ${id}`)?.[Symbol.dispose]();
    this.#slowClients.delete(`${name} ${id}`);
  }

  /** Both end in their own time, while callers hear that the replica goes. */
  async #stop(host: HostInstance): Promise<void> {
    const { name, app } = host;
    this.#withdrawn.add(name);
    const stopSidecar = async () => {
      await this.#started.drain?.(host, this.signal);
      await this.#programs.stop(`${name}/sidecar`, stopGraceMs);
    };
    await Promise.all([
      this.#tellWhoIsThere(),
      ...(app === undefined ? [] : [this.#programs.stop(`${name}/app`, stopGraceMs)]),
      stopSidecar(),
    ]);
  }

  async #tellWhoIsThere(): Promise<void> {
    const { withdraw } = this.#started;
    if (withdraw === undefined) throw new Error(`${this.mesh} tells callers of no replica that goes`);
    await withdraw(this.#withdrawn);
  }

  async #startAgain(host: HostInstance, signal?: AbortSignal): Promise<void> {
    await startReplica(host, {
      app: async () => {
        if (host.app !== undefined) await this.#startApp(host);
      },
      sidecar: () => this.#startSidecarAgain(host, signal),
    });
    if (this.#withdrawn.delete(host.name)) await this.#tellWhoIsThere();
  }

  #startSidecarAgain(host: HostInstance, signal?: AbortSignal): Promise<void> {
    return this.#startSidecar(host, this.#started, () => this.#sidecars.readyAgain(host), signal);
  }

  async trial(folder: TrialFolder): Promise<LabTrial> {
    if (this.#busy) throw new Error('a lab has one trial at a time');
    this.#busy = true;
    const logs = join(folder.evidence, 'access');
    await Promise.all([logs, folder.logs].map((path) => mkdir(path, { recursive: true })));
    // What came before is written first: the next line that a sidecar writes goes to the new file. Preparing the
    // load takes as long, so it does not wait for that.
    const opened = this.#sidecars
      .settle()
      .then(() =>
        Promise.all([
          this.#leadLogs((host) => join(logs, `${host.name}.log`)),
          ...this.#hosts.map((host) => prepareApp(host, this.#control(host))),
        ]),
      );
    opened.catch(() => {});
    const spans = this.#spans;
    const before = spans && opened.then(() => this.#sidecars.spans());
    before?.catch(() => {});
    let unfinished: ReadonlySet<string> = new Set();
    spans?.writeTo(join(folder.evidence, 'spans.jsonl'));
    return new Trial({
      prepareLoad: async (job) => {
        const [load] = await Promise.all([this.#prepareLoad(job, folder), opened]);
        return load;
      },
      settle: async () => {
        await this.#sidecars.settle();
        if (spans) unfinished = await this.#sidecars.reported();
      },
      window: async () => ({
        instances: this.instances,
        rejections: await this.#sidecars.rejections(this.#started),
        // Sidecars write their logs straight into the evidence.
        gaps: [],
        ...(before === undefined
          ? {}
          : { spans: since(await before, await this.#sidecars.spans(), unfinished) }),
      }),
      release: async () => {
        await opened.catch(() => {});
        await spans?.end();
        await this.#leadLogs(() => undefined);
        this.#busy = false;
      },
    });
  }

  /** Leads every sidecar's log of requests to a file, or nowhere; one that does not run does so when it starts. */
  async #leadLogs(target: (host: HostInstance) => string | undefined): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        await leadLogTo(host, target(host));
        const sidecar = this.#programs.find(`${host.name}/sidecar`);
        if (!sidecar) return;
        await reopenLog(host, this.#meshKind.sidecar).catch((error: unknown) => {
          // A sidecar that dies just now is the lab's loss, and told as that; one that only just starts, as after an
          // interruption, has opened no log yet.
          const isStarting = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
          if (sidecar.exit === undefined && !isStarting) throw error;
        });
      }),
    );
  }

  /** A k6 for every client of the load, each through its own sidecar. */
  async #prepareLoad(job: LoadJob, folder: TrialFolder): Promise<PreparedLoad> {
    const { services, namespace } = this.#request.topology;
    const turn = Math.floor(job.number / loadAddresses);
    const api = this.#block.address(hosts.load + (job.number % loadAddresses));
    const clients = this.#hosts.filter((host) => isClient(host) && host.service === job.from);
    const places = job.direct
      ? [this.#past()]
      : job.from === undefined
        ? [this.#outside()]
        : clients.map((client) => this.#behind(client));
    const generators = await Promise.all(
      places.map((place, index) => {
        const name = generatorName(index, places.length, job.name);
        return startK6(job, {
          k6: this.#found.paths['k6'] ?? '',
          name,
          api: `${api}:${this.#block.port(generatorPort + turn * mostInstances + index)}`,
          segment: segment(index, places.length),
          directory: join(this.#request.directory, name, place.name),
          log: join(folder.logs, `${name}.log`),
          names: Object.fromEntries(
            services.flatMap((service) => {
              const host = this.#meshKind.serviceHost(service.name, namespace);
              return portsOf(service).flatMap((port) =>
                nameAt(host, port, place.placeOf(service.name, port)),
              );
            }),
          ),
          launch: (spec) => this.#programs.run(spec),
        });
      }),
    );
    return spreadLoad(job, generators);
  }

  /** Where a load meets the mesh: its client's sidecar takes calls of every service. */
  #behind(host: HostInstance): LoadPlace {
    return { name: host.name, placeOf: (service, port) => this.#started.egress(host, service, port) };
  }

  /** A place without a sidecar: calls go to the first replica of a service, as it is known to others. */
  #outside(): LoadPlace {
    return this.#atFirstReplicas('outside', ({ address }, port) => ({ address, port }));
  }

  /** A place past the mesh: calls go to the app of the first replica itself. */
  #past(): LoadPlace {
    return this.#atFirstReplicas('past-the-mesh', ({ address, appPort: port }) => ({ address, port }));
  }

  #atFirstReplicas(name: string, at: (replica: HostInstance, port: number) => HostEndpoint): LoadPlace {
    return {
      name,
      placeOf: (service, port) => {
        const replica = this.#hosts.find((host) => isServer(host) && host.service === service);
        return replica && at(replica, port);
      },
    };
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    const { status, body } = await http(`http://${this.#host(instance).admin}${path}`, { timeoutMs });
    if (status !== 200) throw environmentError(`${instance}'s sidecar answered ${status} to ${path}`);
    return body;
  }

  wayIn(client: string, { service, port, host }: CalledPort): WayIn {
    const egress = this.#started.egress(this.#host(client), service, port);
    return { url: `http://${egress.address}:${egress.port}`, headers: { host } };
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#programs.usage();
  }

  access(): readonly string[] {
    return [
      ...accessLines(this.#request.topology, this.#hosts, this.#appPorts, this.#meshKind, this.#started),
      ...(this.#relay ? relayLines(this.#relay) : []),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cpuLimits[Symbol.dispose]();
    this.#programs.expectEnds();
    for (const clients of this.#slowClients.values()) clients[Symbol.dispose]();
    await this.releases?.[Symbol.asyncDispose]();
  }
}

/** What was counted between two moments; of a sidecar that has been started anew meanwhile, since then. */
function since(
  before: ReadonlyMap<string, SpanCounts>,
  after: ReadonlyMap<string, SpanCounts>,
  unfinished: ReadonlySet<string>,
): Readonly<Record<string, SpanCounts>> {
  return Object.fromEntries(
    [...after].map(([name, { sent, lost }]) => {
      const first = before.get(name);
      const goesOn = first !== undefined && first.sent <= sent;
      const counts = goesOn ? { sent: sent - first.sent, lost: lost - first.lost } : { sent, lost };
      return [name, unfinished.has(name) ? { ...counts, unfinished: true } : counts];
    }),
  );
}
