import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, usageError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import { groupUsage } from '../../kit/process-usage.ts';
import { type RunningProgram, type Supervisor, startSupervisor } from '../../kit/supervisor/client.ts';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { segment, spreadLoad } from '../../load/generators.ts';
import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import {
  accessLogFormat,
  generatorName,
  type InstanceContext,
  type ProcessSample,
} from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import { isClient, isServer, servedBy } from '../../model/topology.ts';
import { RUN_MARK } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentRequest, StartedEnvironment } from '../contract.ts';
import { claimLoopbackBlock, type LoopbackBlock, type WantedPorts } from './addresses.ts';
import { type AppPorts, appProgram, appReady, controlApp, usualAppPorts } from './app.ts';
import { firstRequest } from './first-request.ts';
import { startK6 } from './k6.ts';

/** Where things sit in the lab's block of loopback addresses. */
const hosts = { controlPlane: 1, load: 3, firstInstance: 10, firstEgress: 130 } as const;
const mostInstances = hosts.firstEgress - hosts.firstInstance;
/** Of k6's own REST interface; the next ones when there are several. */
const generatorPort = 6_565;
const startTimeoutMs = 30_000;
/** Envoy writes its log every quarter of a second anyway; a machine with too much to do takes longer over that. */
const flushTimeoutMs = 5_000;

/** A real mesh on loopback: every program an ordinary process of this machine. */
export function localEnvironment(mesh: Mesh, programs: () => Promise<HostPrograms>): Environment {
  return {
    name: 'local',
    async start(request) {
      const { instances, file } = request.topology;
      if (instances.length > mostInstances) {
        throw usageError(
          `${file}: the topology has ${instances.length} replicas; the local lab holds ${mostInstances}`,
          'use fewer replicas, or --env kind',
        );
      }
      await using stack = new AsyncDisposableStack();
      // First of all: from here on the run's folder goes away even when this process is killed.
      const supervisor = stack.use(
        await startSupervisor(request.directory, { [RUN_MARK]: request.directory }),
      );
      const found = await programs();
      const block = stack.use(await claimLoopbackBlock(wantedPorts(request, mesh)));
      const lab = new LocalLab(request, mesh, found, block, supervisor);
      stack.defer(() => lab.closeControlPlane());
      await lab.start();
      lab.releases = stack.move();
      return lab;
    },
  };
}

function wantedPorts({ topology }: EnvironmentRequest, { hostPorts }: Mesh): WantedPorts {
  const clients = topology.instances.filter(isClient);
  return {
    exact: [...new Set(topology.services.map(({ port }) => port))],
    wished: [
      hostPorts.admin,
      ...hostPorts.others,
      ...Object.values(usualAppPorts),
      ...clients.map((_, index) => generatorPort + index),
    ],
  };
}

class LocalLab implements StartedEnvironment {
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly instances: readonly InstanceContext[];
  readonly lost: Promise<string>;
  /** Sidecars write their logs straight into the evidence. */
  readonly gaps = [];
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #request: EnvironmentRequest;
  readonly #meshKind: Mesh;
  readonly #found: HostPrograms;
  readonly #block: LoopbackBlock;
  readonly #appPorts: AppPorts;
  readonly #supervisor: Supervisor;
  readonly #hosts: readonly HostInstance[];
  readonly #running = new Map<string, RunningProgram>();
  /** Programs whose end is ours, so that it alarms nobody. */
  readonly #expected = new Set<RunningProgram>();
  #lose: (reason: string) => void = () => {};
  #hostMesh: HostMesh | undefined;

  constructor(
    request: EnvironmentRequest,
    mesh: Mesh,
    found: HostPrograms,
    block: LoopbackBlock,
    supervisor: Supervisor,
  ) {
    this.#request = request;
    this.#meshKind = mesh;
    this.#found = found;
    this.#block = block;
    this.#appPorts = {
      service: block.port(usualAppPorts.service),
      control: block.port(usualAppPorts.control),
    };
    this.#supervisor = supervisor;
    this.mesh = `${mesh.name} ${mesh.version}`;
    this.programs = found.versions;
    this.#hosts = request.topology.instances.map((instance, index) => {
      const address = block.address(hosts.firstInstance + index);
      return {
        ...instance,
        address,
        egressAddress: block.address(hosts.firstEgress + index),
        appPort: this.#appPorts.service,
        admin: `${address}:${block.port(mesh.hostPorts.admin)}`,
        directory: join(request.directory, instance.name),
        accessLog: join(request.evidence, 'access', `${instance.name}.log`),
      };
    });
    this.instances = this.#hosts.map((host) => ({
      name: host.name,
      service: host.service,
      workload: host.workload,
      replica: host.replica,
      locality: host.locality,
      role: host.role,
      addresses: [`${host.address}:${host.port}`],
    }));
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    supervisor.lost.then((reason) => this.#lose(reason));
  }

  async start(): Promise<void> {
    const request = this.#request;
    await Promise.all([
      mkdir(join(request.evidence, 'access'), { recursive: true }),
      mkdir(request.logs, { recursive: true }),
    ]);
    request.progress('preparing certificates and configuration');
    const mesh = await this.#meshKind.prepareOnHost({
      topology: request.topology,
      configuration: request.configuration,
      instances: this.#hosts,
      address: this.#block.address(hosts.controlPlane),
      port: (usual) => this.#block.port(usual),
      directory: request.directory,
      logs: request.logs,
      accessLogFormat,
      programs: this.#found.paths,
      files: this.#found.files,
    });
    this.#hostMesh = mesh;
    request.progress('starting the control plane and the workloads');
    const apps = this.#hosts.filter(isServer).map((host) => this.#startApp(host));
    // They start while the control plane does, and wait for it; when it fails, that is what to say.
    const sidecars = this.#hosts.map((host) =>
      this.#startSidecar(host, mesh, request.signal, 2 * startTimeoutMs),
    );
    for (const sidecar of sidecars) sidecar.catch(() => {});
    await Promise.all([this.#startControlPlane(mesh), ...apps]);
    await Promise.all(sidecars);
    const rejections = await mesh.rejections();
    if (rejections.length > 0) {
      const [first] = rejections;
      throw environmentError(
        `the sidecar of ${first?.instance} rejected its configuration: ${first?.reason}`,
      );
    }
    request.progress('waiting for the first request through two sidecars');
    this.firstRequestAt = await firstRequest(request.topology, this.#hosts, request.signal);
  }

  /** What of the mesh is in this process; its programs are the supervisor's. */
  async closeControlPlane(): Promise<void> {
    await this.#hostMesh?.closeControlPlane();
  }

  async #launch(spec: Parameters<Supervisor['start']>[0]): Promise<RunningProgram> {
    const program = await this.#supervisor.start(spec);
    this.#running.set(spec.name, program);
    program.exited.then(({ code, signal }) => {
      if (this.#expected.has(program)) return;
      this.#lose(`${spec.name} ended by itself (${signal ?? `exit code ${code}`}); see ${spec.log}`);
    });
    return program;
  }

  #host(name: string): HostInstance {
    const host = this.#hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`no instance ${name}`);
    return host;
  }

  async #startControlPlane(mesh: HostMesh): Promise<void> {
    await mesh.holdControlPlane();
    const program = await this.#launch(mesh.controlPlane);
    await program.until(
      eventually(() => mesh.controlPlaneReady(), {
        waitingFor: 'the control plane to know the topology',
        timeoutMs: startTimeoutMs,
        signal: this.#request.signal,
      }),
    );
  }

  async #startApp(host: HostInstance): Promise<void> {
    const { directory, logs, signal } = this.#request;
    const app = await this.#launch(appProgram(host, this.#appPorts, directory, logs));
    await app.until(
      eventually(() => appReady(host, this.#appPorts), {
        waitingFor: `${host.name}'s app to listen`,
        timeoutMs: startTimeoutMs,
        signal,
      }),
    );
  }

  async #startSidecar(
    host: HostInstance,
    mesh: HostMesh,
    signal = this.#request.signal,
    timeoutMs = startTimeoutMs,
  ): Promise<void> {
    const sidecar = await this.#launch(mesh.sidecar(host));
    await sidecar.until(
      eventually(() => mesh.sidecarReady(host), {
        waitingFor: `the sidecar of ${host.name}`,
        timeoutMs,
        signal,
      }),
    );
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const mesh = () => {
      if (!this.#hostMesh) throw new Error('not started');
      return this.#hostMesh;
    };
    const host = () => this.#host(action.instance);
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(host().address, this.#appPorts, action);
      case 'kill':
        await Promise.all([this.#end(`${action.instance}/app`), this.#end(`${action.instance}/sidecar`)]);
        return;
      case 'start':
        await Promise.all([this.#startApp(host()), this.#startSidecar(host(), mesh(), signal)]);
        return;
      case 'pause':
        this.#running.get(`${action.instance}/app`)?.signal('SIGSTOP');
        return;
      case 'resume':
        this.#running.get(`${action.instance}/app`)?.signal('SIGCONT');
        return;
      case 'stop-control-plane':
        await this.#end(mesh().controlPlane.name);
        return mesh().closeControlPlane();
      case 'start-control-plane':
        return this.#startControlPlane(mesh());
      default:
        throw environmentError(`the local lab cannot ${action.do}`, 'use --env kind');
    }
  }

  async #end(name: string): Promise<void> {
    const program = this.#running.get(name);
    if (!program) return;
    this.#expected.add(program);
    this.#running.delete(name);
    await program.kill();
  }

  /** A k6 for every client, each through its own sidecar. */
  async prepareLoad(job: LoadJob): Promise<PreparedLoad> {
    const { services, namespace } = this.#request.topology;
    const clients = this.#hosts.filter(isClient);
    const generators = await Promise.all(
      clients.map((client, index) =>
        startK6(job, {
          k6: this.#found.paths['k6'] ?? '',
          name: generatorName(index, clients.length),
          api: `${this.#block.address(hosts.load)}:${this.#block.port(generatorPort + index)}`,
          segment: segment(index, clients.length),
          directory: join(this.#request.directory, 'k6', client.name),
          log: join(this.#request.logs, `${generatorName(index, clients.length)}.log`),
          names: Object.fromEntries(
            services.map(({ name }) => [this.#meshKind.serviceHost(name, namespace), client.egressAddress]),
          ),
          launch: async (spec) => {
            const program = await this.#supervisor.start(spec);
            this.#running.set(spec.name, program);
            return program;
          },
        }),
      ),
    );
    return spreadLoad(job, generators);
  }

  #client(): HostInstance {
    const client = this.#hosts.find(isClient);
    if (!client) throw new Error('the plan has no client');
    return client;
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    const { status, body } = await http(`http://${this.#host(instance).admin}${path}`, { timeoutMs });
    if (status !== 200) throw environmentError(`${instance}'s sidecar answered ${status} to ${path}`);
    return body;
  }

  async processes(): Promise<readonly ProcessSample[]> {
    const running = [...this.#running].filter(([, program]) => program.exit === undefined);
    const usage = await groupUsage(running.map(([, program]) => program.pid));
    return running.flatMap(([name, program]) => {
      const used = usage.get(program.pid);
      return used ? [{ t: Date.now(), name, pid: program.pid, ...used }] : [];
    });
  }

  async rejections() {
    return (await this.#hostMesh?.rejections()) ?? [];
  }

  /** Envoy writes its access log four times a second, and when it is asked to end. */
  async collect(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        const sidecar = this.#running.get(`${host.name}/sidecar`);
        if (!sidecar || sidecar.exit !== undefined) return;
        this.#expected.add(sidecar);
        await http(`http://${host.admin}/quitquitquit`, { method: 'POST', timeoutMs: 2_000 }).catch(() => {});
        await Promise.race([sidecar.exited, sleep(flushTimeoutMs)]);
      }),
    );
  }

  reach(): readonly string[] {
    const { topology } = this.#request;
    const client = this.#client();
    return [
      'Call a service as the client does (over mTLS):',
      ...servedBy(topology).map(
        ({ name, port }) =>
          `  curl -H 'Host: ${this.#meshKind.serviceHost(name, topology.namespace)}' http://${client.egressAddress}:${port}/`,
      ),
      'Look into a sidecar (Envoy admin):',
      ...this.#hosts.map((host) => `  ${host.name.padEnd(24)} http://${host.admin}`),
      'Make an app misbehave:',
      ...this.#hosts
        .filter(isServer)
        .slice(0, 1)
        .map(
          (host) =>
            `  curl -X PUT http://${host.address}:${this.#appPorts.control}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
        ),
      `Change the mesh configuration: edit under-test-*.yaml there, or drop YAML beside it with metadata.namespace ${topology.namespace}`,
      '(the control plane watches the folder; of two rules for one host, the one that came first holds):',
      `  ${this.#hostMesh?.configurationDirectory}`,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.values()) this.#expected.add(program);
    await this.releases?.[Symbol.asyncDispose]();
  }
}
