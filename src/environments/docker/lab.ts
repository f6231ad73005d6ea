import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentError } from '../../kit/errors.ts';
import { eventually, NotYet, notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import { ownFile } from '../../kit/own-file.ts';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { segment, spreadLoad } from '../../load/generators.ts';
import {
  type ContainerFile,
  type ContainerMesh,
  fullName,
  type HostInstance,
  type Mesh,
  type MeshInContainers,
} from '../../meshes/contract.ts';
import { generatorName, type InstanceContext, type ProcessSample } from '../../model/evidence.ts';
import type { Action, LinkAction } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { type Instance, isCaller, isClient, isServer, portsOf } from '../../model/topology.ts';
import { containerLabels } from '../../runs/containers.ts';
import { appReady, controlApp, prepareApp } from '../app-control.ts';
import { appSettings } from '../app-settings.ts';
import type { Arrivals, CalledPort, Lab, LabRequest, LabTrial, TrialFolder, WayIn } from '../contract.ts';
import { instanceContext } from '../instance-context.ts';
import { type Revision, reopenLog, Sidecars } from '../sidecars.ts';
import { startReplica, startRounds, stopGraceMs } from '../start-order.ts';
import { Trial } from '../trial.ts';
import { appFiles } from './app-files.ts';
import { filesArchive, readArchive } from './archive.ts';
import type { Containers, Running } from './containers.ts';
import type { Docker } from './docker.ts';
import { firstRequest } from './first-request.ts';
import type { LabImages } from './images.ts';
import { startK6 } from './k6.ts';
import { clear, disturb } from './links.ts';
import type { LabNetworks } from './networks.ts';
import { refused } from './refusal.ts';

/**
 * Ports in the network of a replica beside those of its service, none of which its sidecar takes; `past` is its app's,
 * for whoever asks it without a mesh.
 */
const ports = { control: 18_081, door: 18_082, past: 18_083 } as const;
const startTimeoutMs = 60_000;
/** How long the control plane may take to notice its files; they come once more then. */
const unnoticedMs = 3_000;
/** A replica without a sidecar, for loads from outside the mesh. */
const outside = 'outside';
const appUser = 65_532;

export interface DockerLabParts {
  readonly request: LabRequest;
  readonly mesh: Mesh;
  readonly containerMesh: ContainerMesh;
  readonly docker: Docker;
  readonly images: LabImages;
  readonly containers: Containers;
  readonly networks: LabNetworks;
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

  readonly #parts: DockerLabParts;
  readonly #lose: (reason: string) => void;
  #hosts: readonly HostInstance[] = [];
  #prepared: { readonly mesh: MeshInContainers; readonly sidecars: Sidecars } | undefined;
  #revision = 1;
  /** The revision at which clients' views of the hosts were last made anew. */
  #hostsSince = 1;
  /** Names of the replicas that callers are not told of. */
  readonly #withdrawn = new Set<string>();
  /** The place of who is outside the mesh, once somebody wants it. */
  #outsideStarted: Promise<string> | undefined;
  /** Whether a trial is on: there is one log of requests. */
  #busy = false;

  constructor(parts: DockerLabParts) {
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
    const { request, containerMesh, docker, mesh: meshKind, containers } = this.#parts;
    const { topology, signal } = request;
    await mkdir(request.logs, { recursive: true });
    request.progress('starting the networks of the replicas, with their capture');
    const replicas = await Promise.all(topology.instances.map((instance) => this.#startReplica(instance)));
    if (topology.outside) await this.#outside();
    this.#hosts = replicas;
    const [first] = replicas;
    if (first === undefined) throw new Error('the topology has no replica');
    const template = await textOf(
      await docker.container.fetchArchive(
        containers.of(networkOf(first.name)).container,
        containerMesh.template,
      ),
    );
    const mesh = await containerMesh.prepare({
      topology,
      revision: String(this.#revision),
      instances: replicas,
      template,
    });
    const sidecars = new Sidecars(meshKind, topology, replicas, {
      runs: ({ name }) => containers.find(sidecarOf(name)) !== undefined,
      controlPlaneGone: () => this.#controlPlaneGone,
    });
    this.#prepared = { mesh, sidecars };
    request.progress('starting the control plane and the apps');
    const { first: apps, later } = startRounds(replicas);
    await Promise.all([this.#startControlPlane(), ...apps.map((host) => this.#startApp(host))]);
    request.progress('starting the sidecars');
    await Promise.all(
      replicas.map(async (host) => {
        const sidecar = await this.#launchSidecar(host);
        await this.#sidecarReady(host, sidecar, () => sidecars.ready(host, this.#logs));
      }),
    );
    for (const round of later) await Promise.all(round.map((host) => this.#startApp(host)));
    request.progress('waiting for the first request through two sidecars');
    this.firstRequestAt = await firstRequest(
      topology,
      (client, called) => this.wayIn(client, called),
      meshKind,
      signal,
    );
    // What is under test comes when the mesh is known to work without it: what fails from then on is its doing.
    if (request.configuration.resources.length > 0) await this.configure(request.configuration);
  }

  get #started() {
    if (!this.#prepared) throw new Error('not started');
    return this.#prepared;
  }

  get #logs() {
    const { logs } = this.#parts.request;
    return { sidecarLog: ({ name }: { readonly name: string }) => join(logs, `${name}.sidecar.log`) };
  }

  #host(name: string): HostInstance {
    const host = this.#hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`no instance ${name}`);
    return host;
  }

  /** The network of a replica, all of whose connections its sidecar will take; who calls others is in every zone. */
  async #startReplica(instance: Instance): Promise<HostInstance> {
    const { containerMesh, docker } = this.#parts;
    const { adminPort } = containerMesh;
    const inner = isServer(instance) ? ports.control : ports.door;
    const network = await this.#startNetwork(instance.name, {
      locality: instance.locality,
      names: isServer(instance) ? this.#namesOf(instance.service) : [],
      reachesAll: isCaller(instance),
      publishes: [adminPort, inner],
    });
    const inbound = [adminPort, ...Object.values(ports)];
    const command = [...containerMesh.capture({ inbound, outbound: instance.bypass ?? [] })];
    const captured = await network.until(docker.container.exec(network.container, command, { user: '0' }));
    if (captured.exitCode !== 0) {
      throw environmentError(
        `the connections of ${instance.name} cannot be captured: ${captured.output.trim().slice(-600)}`,
        'capture takes the NET_ADMIN capability in a container, and iptables with NAT in the kernel',
      );
    }
    if (isClient(instance)) await this.#startDoor(instance.name, network);
    return {
      ...instance,
      address: await this.#addressOf(network, instance.locality),
      egressAddress: '',
      relays: [],
      appPort: instance.port,
      admin: network.at(adminPort),
      directory: '',
    };
  }

  /** The place of who is outside the mesh: what loads come from there, and those that go past it. */
  #outside(): Promise<string> {
    // Several loads that go past it are prepared at once.
    this.#outsideStarted ??= this.#startOutside();
    return this.#outsideStarted;
  }

  async #startOutside(): Promise<string> {
    const [locality = ''] = this.#parts.networks.zones.keys();
    const publishes = [ports.door];
    const network = await this.#startNetwork(outside, { locality, names: [], reachesAll: true, publishes });
    await this.#startDoor(outside, network);
    return outside;
  }

  #startNetwork(
    replica: string,
    network: {
      readonly locality: string;
      readonly names: readonly string[];
      readonly reachesAll: boolean;
      readonly publishes: readonly number[];
    },
  ): Promise<Running> {
    const { containers, images, networks } = this.#parts;
    const home = networks.zones.get(network.locality) ?? '';
    return containers.launch({
      name: networkOf(replica),
      image: images.sidecar,
      command: ['sleep', 'infinity'],
      user: 0,
      capabilities: ['NET_ADMIN', 'NET_RAW'],
      network: {
        home,
        names: network.names,
        others: network.reachesAll ? [...networks.zones.values()].filter((name) => name !== home) : [],
      },
      publishes: network.publishes,
    });
  }

  /** What a service is called by an app that knows nothing of a mesh. */
  #namesOf(service: string): string[] {
    const { mesh, request } = this.#parts;
    const parts = mesh.serviceHost(service, request.topology.namespace).split('.');
    return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
  }

  async #addressOf({ container }: Running, locality: string): Promise<string> {
    const { NetworkSettings } = await container.inspect();
    const name = this.#parts.networks.zones.get(locality) ?? '';
    const address = NetworkSettings.Networks[name]?.IPAddress;
    if (!address) throw environmentError(`Docker gave no address in ${name}`);
    return address;
  }

  async #startDoor(replica: string, network: Running): Promise<void> {
    const { containers, images, request } = this.#parts;
    const file = fileURLToPath(ownFile(new URL('./inside/door.ts', import.meta.url)));
    // A module, whatever is beside it.
    const path = `/breakwater/door.${file.endsWith('.js') ? 'mjs' : 'mts'}`;
    const door = await containers.launch({
      name: doorOf(replica),
      image: images.node,
      command: ['node', '--no-warnings', path, String(ports.door)],
      user: appUser,
      directory: '/breakwater',
      files: [{ path, content: await readFile(file, 'utf8') }],
      network: { of: network.container.id },
      log: join(request.logs, `${replica}.door.log`),
    });
    const at = network.at(ports.door);
    await door.until(
      eventually(() => answers(at), {
        waitingFor: `the way into the network of ${replica}`,
        timeoutMs: startTimeoutMs,
        signal: request.signal,
      }),
    );
  }

  /** "127.0.0.1:49153/": what is put before an address in a client's network. */
  #door(replica: string): string {
    return `${this.#parts.containers.known(networkOf(replica)).at(ports.door)}/`;
  }

  /** "127.0.0.1:49153": of an app's control port. */
  #control({ name }: Instance): string {
    return this.#parts.containers.known(networkOf(name)).at(ports.control);
  }

  /** Whether a fault has ended it and nobody has started it again yet, so that sidecars find it. */
  #controlPlaneGone = true;

  /** Nobody finds it by its name before it knows the topology: what it told them then, they would believe. */
  async #startControlPlane(): Promise<void> {
    const { containers, containerMesh, docker, images, networks, request } = this.#parts;
    const { mesh } = this.#started;
    const { name, asked } = containerMesh.controlPlane;
    const { controlPlane: program } = mesh;
    const running = await containers.launch({
      ...program,
      name,
      image: images.controlPlane,
      network: { home: networks.control, names: [], others: [] },
      publishes: [asked.port],
      log: join(request.logs, `${name}.log`),
    });
    const url = `http://${running.at(asked.port)}${asked.path}`;
    let givenAt = Number.NEGATIVE_INFINITY;
    const ready = async (): Promise<Ready> => {
      const answer = await asking(url);
      if (answer instanceof NotYet) return answer;
      const known = mesh.knows(answer);
      if (known === undefined) return undefined;
      if (performance.now() - givenAt > unnoticedMs) {
        await this.#give(running, mesh.configuration());
        givenAt = performance.now();
      }
      return known;
    };
    await running.until(
      eventually(ready, {
        waitingFor: 'the control plane to know the topology',
        timeoutMs: startTimeoutMs,
        signal: this.signal,
      }),
    );
    for (const zone of networks.zones.values()) {
      await docker.network
        .getById(zone)
        .connect({ Container: running.container.id, EndpointConfig: { Aliases: [name] } });
    }
    this.#controlPlaneGone = false;
  }

  /** Puts files into a container that runs. */
  async #give({ container, spec }: Running, files: readonly ContainerFile[]): Promise<void> {
    const owner = { user: spec.user ?? 0, directory: spec.directory ?? '/' };
    await this.#parts.docker.container
      .putArchive(container, filesArchive(files, owner), '/')
      .catch(refused(`no file can be put into ${spec.name}`));
  }

  async #startApp(host: HostInstance): Promise<void> {
    const { containers, images, mesh, request } = this.#parts;
    const { app } = host;
    if (app === undefined) throw new Error(`${host.name} runs no app`);
    const { entry, files } = await appFiles();
    const [port, ...extra] = portsOf(host);
    const running = await containers.launch({
      name: appOf(host.name),
      image: images.node,
      command: ['node', '--no-warnings', entry],
      user: appUser,
      directory: '/app',
      files,
      env: {
        HOST: '0.0.0.0',
        PORT: String(port),
        EXTRA_PORTS: [...extra, ports.past].join(','),
        CONTROL_HOST: '0.0.0.0',
        CONTROL_PORT: String(ports.control),
        INSTANCE: host.name,
        ZONE: host.locality,
        // Its sidecar takes every call that leaves, wherever it is to go.
        ...appSettings(
          app,
          (service) => mesh.serviceHost(service, request.topology.namespace),
          (name, port) => `${name}:${port}`,
        ),
        ...(app.seed === undefined ? {} : { SEED: String(app.seed) }),
      },
      network: { of: containers.known(networkOf(host.name)).container.id },
      log: join(request.logs, `${host.name}.app.log`),
    });
    await this.#appReady(host, running);
  }

  async #appReady(host: HostInstance, running: Running): Promise<void> {
    await running.until(
      eventually(() => appReady(this.#control(host)), {
        waitingFor: `${host.name}'s app to listen`,
        timeoutMs: startTimeoutMs,
        signal: this.signal,
      }),
    );
  }

  #launchSidecar(host: HostInstance): Promise<Running> {
    const { containers, images } = this.#parts;
    return containers.launch({
      ...this.#started.mesh.sidecar(host),
      name: sidecarOf(host.name),
      image: images.sidecar,
      network: { of: containers.known(networkOf(host.name)).container.id },
      log: this.#logs.sidecarLog(host),
    });
  }

  async #sidecarReady(
    { name }: HostInstance,
    sidecar: Running,
    ready: () => Promise<Ready>,
    signal = this.signal,
  ): Promise<void> {
    await sidecar.until(
      eventually(ready, { waitingFor: `the sidecar of ${name}`, timeoutMs: startTimeoutMs, signal }),
    );
  }

  async configure(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    const { sidecars } = this.#started;
    await sidecars.forget(this.#logs);
    const revision = await this.#revise(configuration, true);
    return sidecars.arrived(revision, this.#logs, AbortSignal.any([signal, this.signal]));
  }

  async change(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    const revision = await this.#revise(configuration, false);
    return this.#started.sidecars.changed(revision, this.#logs, AbortSignal.any([signal, this.signal]));
  }

  /** Gives the control plane other configuration; what to wait for at the sidecars. */
  async #revise(configuration: MeshConfiguration, anew: boolean): Promise<Revision> {
    const { mesh, sidecars } = this.#started;
    const { containers, containerMesh } = this.#parts;
    const rejectedBefore = await sidecars.rejectedCounts();
    this.#revision += 1;
    if (anew) this.#hostsSince = this.#revision;
    const name = String(this.#revision);
    const file = mesh.configure(configuration, { name, hostsSince: String(this.#hostsSince) });
    // One that is gone gets it when it is back.
    const controlPlane = containers.find(containerMesh.controlPlane.name);
    if (controlPlane) await this.#give(controlPlane, [file]);
    return { name, rejectedBefore, since: performance.now(), resources: configuration.resources };
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const { containers, containerMesh } = this.#parts;
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(this.#control(this.#host(action.target.name)), action);
      case 'kill': {
        const { name } = action.target;
        await Promise.all([containers.kill(appOf(name)), containers.kill(sidecarOf(name))]);
        return;
      }
      case 'stop':
        return this.#stop(this.#host(action.target.name));
      case 'start':
        return this.#startAgain(this.#host(action.target.name), signal);
      case 'kill-sidecar':
        return containers.kill(sidecarOf(action.target.name));
      case 'start-sidecar':
        return this.#startSidecarAgain(this.#host(action.target.name), signal);
      case 'pause':
        return containers.of(appOf(action.target.name)).container.pause();
      case 'resume':
        return containers.of(appOf(action.target.name)).container.unpause();
      case 'limit-cpu':
        return containers.limitCpu(sidecarOf(action.target.name), action.cores);
      case 'unlimit-cpu':
        return containers.limitCpu(sidecarOf(action.target.name), undefined);
      case 'disturb-link':
      case 'clear-link':
        return this.#link(action);
      case 'stop-control-plane':
        this.#controlPlaneGone = true;
        return containers.remove(containerMesh.controlPlane.name);
      case 'start-control-plane':
        return this.#startControlPlane();
      default:
        throw environmentError(
          `the lab in containers cannot ${action.do}`,
          'use --env local or --env kind, whichever can',
        );
    }
  }

  /** All callers of a locality are found in a replica's network by addresses of their own. */
  async #link({ do: does, target, disturbance }: LinkAction): Promise<void> {
    const { containers, docker } = this.#parts;
    const { locality } = this.#host(target.to);
    const replica = containers.of(networkOf(target.to)).container;
    const callers = this.#hosts.filter((host) => isCaller(host) && host.locality === target.from);
    await Promise.all(
      callers.map(async ({ name }) => {
        const address = await this.#addressOf(containers.of(networkOf(name)), locality);
        await (does === 'disturb-link' ? disturb : clear)(docker, replica, address, disturbance);
      }),
    );
  }

  /** Both end in their own time, while callers hear that the replica goes. */
  async #stop({ name }: HostInstance): Promise<void> {
    const { containers } = this.#parts;
    this.#withdrawn.add(name);
    await Promise.all([
      this.#tellWhoIsThere(),
      ...[appOf(name), sidecarOf(name)].map((each) => containers.stop(each, stopGraceMs)),
    ]);
  }

  async #tellWhoIsThere(): Promise<void> {
    const { containers, containerMesh } = this.#parts;
    const file = this.#started.mesh.withdraw(this.#withdrawn);
    // One that is gone hears it when it is back.
    const controlPlane = containers.find(containerMesh.controlPlane.name);
    if (controlPlane) await this.#give(controlPlane, [file]);
  }

  async #startAgain(host: HostInstance, signal?: AbortSignal): Promise<void> {
    await startReplica(host, {
      app: async () => this.#appReady(host, await this.#parts.containers.again(appOf(host.name))),
      sidecar: () => this.#startSidecarAgain(host, signal),
    });
    if (this.#withdrawn.delete(host.name)) await this.#tellWhoIsThere();
  }

  async #startSidecarAgain(host: HostInstance, signal?: AbortSignal): Promise<void> {
    const sidecar = await this.#parts.containers.again(sidecarOf(host.name));
    await this.#sidecarReady(host, sidecar, () => this.#started.sidecars.readyAgain(host), signal);
  }

  async trial(folder: TrialFolder): Promise<LabTrial> {
    if (this.#busy) throw new Error('a lab has one trial at a time');
    this.#busy = true;
    const from = Date.now();
    const gaps: string[] = [];
    const { sidecars } = this.#started;
    const logs = join(folder.evidence, 'access');
    await Promise.all([logs, folder.logs].map((path) => mkdir(path, { recursive: true })));
    // What came before is written first: the next line that a sidecar writes goes to the new file.
    const opened = sidecars.settle().then(async () => {
      const servers = this.#hosts.filter(isServer);
      await Promise.all([
        ...this.#hosts.map((host) => this.#emptyLog(host)),
        ...servers.map((host) => prepareApp(host, this.#control(host))),
      ]);
    });
    opened.catch(() => {});
    return new Trial({
      prepareLoad: async (job) => {
        const [load] = await Promise.all([this.#prepareLoad(job, folder), opened]);
        return load;
      },
      settle: async () => {
        await sidecars.settle();
        const fetched = this.#hosts.map((host) => this.#fetchLog(host, join(logs, `${host.name}.log`)));
        gaps.push(...(await Promise.all(fetched)).flat());
      },
      window: async () => ({
        instances: this.instances,
        rejections: await sidecars.rejections(this.#logs),
        gaps: gaps.map((what) => ({ what, fromMs: from, toMs: Date.now() })),
      }),
      release: async () => {
        await opened.catch(() => {});
        this.#busy = false;
      },
    });
  }

  /** Puts an empty file in the place of a sidecar's log of requests; one that runs opens it when it next writes. */
  async #emptyLog(host: HostInstance): Promise<void> {
    const { containers, containerMesh, mesh } = this.#parts;
    const sidecar = containers.known(sidecarOf(host.name));
    await this.#give(sidecar, [{ path: containerMesh.accessLog, content: '' }]);
    if (!sidecar.runs) return;
    await reopenLog(host, mesh.sidecar).catch((error: unknown) => {
      // One that dies just now is the lab's loss, and told as that.
      if (sidecar.runs) throw error;
    });
  }

  /** Copies a sidecar's log of requests out of its container, whether that runs or not; what could not be had. */
  async #fetchLog({ name }: HostInstance, path: string): Promise<string[]> {
    const { containers, containerMesh, docker } = this.#parts;
    const { container } = containers.known(sidecarOf(name));
    const file = createWriteStream(path);
    const missing: string[] = [];
    try {
      const archive = await docker.container.fetchArchive(container, containerMesh.accessLog);
      await readArchive(archive, async (piece) => {
        if (!file.write(piece)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
      });
    } catch (error) {
      missing.push(`the log of requests of ${name}: ${(error as Error).message}`);
    }
    await new Promise<void>((resolve) => file.end(() => resolve()));
    return missing;
  }

  /** A k6 for every client of the load, each through its own sidecar. */
  async #prepareLoad(job: LoadJob, folder: TrialFolder): Promise<PreparedLoad> {
    const { containers, images } = this.#parts;
    const isOutside = job.direct || job.from === undefined;
    const places = isOutside
      ? [await this.#outside()]
      : this.#hosts.filter((host) => isClient(host) && host.service === job.from).map(({ name }) => name);
    const generators = await Promise.all(
      places.map((place, index) => {
        const name = generatorName(index, places.length, job.name);
        return startK6(job, {
          image: images.k6,
          name,
          network: containers.known(networkOf(place)).container.id,
          door: this.#door(place),
          segment: segment(index, places.length),
          log: join(folder.logs, `${name}.log`),
          containers,
          names: job.direct ? this.#namesPast() : {},
        });
      }),
    );
    return spreadLoad(job, generators);
  }

  /** "edge-app.default.svc.cluster.local:8080" → where the app of the first replica answers whoever asks it itself. */
  #namesPast(): Readonly<Record<string, string>> {
    const { mesh, request } = this.#parts;
    const { services, namespace } = request.topology;
    return Object.fromEntries(
      services.flatMap((service) => {
        const replica = this.#hosts.find((host) => isServer(host) && host.service === service.name);
        if (replica === undefined) return [];
        const host = mesh.serviceHost(service.name, namespace);
        return portsOf(service).map((port) => [`${host}:${port}`, `${replica.address}:${ports.past}`]);
      }),
    );
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    const { status, body } = await http(`http://${this.#host(instance).admin}${path}`, { timeoutMs });
    if (status !== 200) throw environmentError(`${instance}'s sidecar answered ${status} to ${path}`);
    return body;
  }

  wayIn(client: string, { host }: CalledPort): WayIn {
    return { url: `http://${this.#door(client)}${host}`, headers: {} };
  }

  networkMode(instance: string): string {
    return `container:${this.#parts.containers.known(networkOf(this.#host(instance).name)).container.id}`;
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#parts.containers.usage();
  }

  access(): readonly string[] {
    const { topology } = this.#parts.request;
    const client = this.#hosts.find(isClient);
    const server = this.#hosts.find(isServer);
    const called = topology.services.filter(isServer);
    return [
      ...(client
        ? [
            `Call a service as ${client.name} does (over mTLS):`,
            ...called.flatMap((service) =>
              portsOf(service).map(
                (port) => `  curl http://${this.#door(client.name)}${service.name}:${port}/`,
              ),
            ),
          ]
        : []),
      'Look into a sidecar (Envoy admin):',
      ...this.#hosts.map((host) => `  ${host.name.padEnd(24)} http://${host.admin}`),
      ...(server
        ? [
            'Make an app misbehave:',
            `  curl -X PUT http://${this.#control(server)}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
          ]
        : []),
      `Containers: docker ps --filter label=${containerLabels.run}=${basename(this.#parts.request.directory)}`,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.containers.expectEnds();
    await this.releases?.[Symbol.asyncDispose]();
  }
}

const networkOf = (replica: string) => `${replica}/network`;
const appOf = (replica: string) => `${replica}/app`;
const sidecarOf = (replica: string) => `${replica}/sidecar`;
const doorOf = (replica: string) => `${replica}/door`;

/** What a GET gets, or why it gets nothing yet. */
async function asking(url: string): Promise<string | NotYet> {
  try {
    const { status, body } = await http(url, { timeoutMs: 2_000 });
    return status === 200 ? body : notYet(`it answers ${status}`);
  } catch (error) {
    return notYet(error instanceof Error ? error.message : String(error));
  }
}

/** Whether the way into a network answers; to itself it has none. */
async function answers(at: string): Promise<Ready> {
  try {
    await http(`http://${at}/`, { timeoutMs: 2_000 });
    return undefined;
  } catch (error) {
    return notYet(error instanceof Error ? error.message : String(error));
  }
}

async function textOf(archive: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  await readArchive(archive, (piece) => {
    pieces.push(piece);
  });
  return Buffer.concat(pieces).toString('utf8');
}
