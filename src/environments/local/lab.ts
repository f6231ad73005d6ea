import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, usageError } from '../../kit/errors.ts';
import { eventually, NotYet, notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import { groupUsage } from '../../kit/process-usage.ts';
import type { ProgramSpec, RunningProgram, Supervisor } from '../../kit/supervisor/client.ts';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { segment, spreadLoad } from '../../load/generators.ts';
import type { HostInstance, HostMesh, Mesh, ServiceAddresses } from '../../meshes/contract.ts';
import {
  generatorName,
  type InstanceContext,
  type ProcessSample,
  type RunContext,
} from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { isClient, isServer, servedBy } from '../../model/topology.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Arrivals, Lab, LabRequest, LabTrial, TrialFolder } from '../contract.ts';
import { Trial } from '../trial.ts';
import type { LoopbackBlock } from './addresses.ts';
import { type AppPorts, appProgram, appReady, controlApp, seedApp, usualAppPorts } from './app.ts';
import { firstRequest } from './first-request.ts';
import { startK6 } from './k6.ts';
import { leadLogTo, REQUEST_LOG, reopenLog } from './request-log.ts';

/** Where things sit in the lab's block of loopback addresses. */
const hosts = { controlPlane: 1, load: 3, firstInstance: 10, firstEgress: 130 } as const;
export const mostInstances = hosts.firstEgress - hosts.firstInstance;
/** Each has its generators' REST interfaces on an address of its own. */
const mostLoads = hosts.firstInstance - hosts.load;
/** Of k6's own REST interface; the next ones when there are several. */
export const generatorPort = 6_565;
const startTimeoutMs = 30_000;
/** istiod and Envoy take a fifth of a second; a machine with too much to do takes longer. */
const arrivalTimeoutMs = 30_000;
/** Envoy writes its log every quarter of a second; a machine with too much to do takes longer over that. */
const settleTimeoutMs = 5_000;
const adminTimeoutMs = 2_000;

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
  readonly #appPorts: AppPorts;
  readonly #supervisor: Supervisor;
  readonly #hosts: readonly HostInstance[];
  readonly #running = new Map<string, RunningProgram>();
  /** Programs whose end is ours, so that it alarms nobody. */
  readonly #expected = new WeakSet<RunningProgram>();
  /** Instance → length of its sidecar's log when the last configuration came: what it says later is about that. */
  readonly #saidBefore = new Map<string, number>();
  #lose: (reason: string) => void = () => {};
  #hostMesh: HostMesh | undefined;
  #revision = 1;
  /** Whether a trial is on: there is one log of requests. */
  #busy = false;

  constructor(
    request: LabRequest,
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
    this.signal = request.signal;
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
      mkdir(request.logs, { recursive: true }),
      ...this.#hosts.map(async (host) => {
        await mkdir(host.directory, { recursive: true, mode: 0o700 });
        await leadLogTo(host);
      }),
    ]);
    request.progress('preparing certificates and configuration');
    const mesh = await this.#meshKind.prepareOnHost({
      topology: request.topology,
      configuration: request.configuration,
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
    request.progress('starting the control plane and the workloads');
    const apps = this.#hosts.filter(isServer).map((host) => this.#startApp(host));
    // They start while the control plane does, and wait for it; when it fails, that is what to say.
    const sidecars = this.#hosts.map((host) =>
      this.#startSidecar(host, mesh, request.signal, 2 * startTimeoutMs),
    );
    for (const sidecar of sidecars) sidecar.catch(() => {});
    await Promise.all([this.#startControlPlane(mesh), ...apps]);
    await Promise.all(sidecars);
    refuseRejected(await this.#rejections());
    request.progress('waiting for the first request through two sidecars');
    this.firstRequestAt = await firstRequest(request.topology, this.#hosts, request.signal);
  }

  /** What of the mesh is in this process; its programs are the supervisor's. */
  async closeControlPlane(): Promise<void> {
    await this.#hostMesh?.closeControlPlane();
  }

  get #started(): HostMesh {
    if (!this.#hostMesh) throw new Error('not started');
    return this.#hostMesh;
  }

  async #launch(spec: ProgramSpec): Promise<RunningProgram> {
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
        signal: this.signal,
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
    signal = this.signal,
    timeoutMs = startTimeoutMs,
  ): Promise<void> {
    const sidecar = await this.#launch(mesh.sidecar(host));
    await sidecar.until(
      eventually(() => this.#sidecarReady(host), {
        waitingFor: `the sidecar of ${host.name}`,
        timeoutMs,
        signal,
      }),
    );
  }

  /** Whether a sidecar is ready; throws when it rejected its configuration. */
  async #sidecarReady(host: HostInstance): Promise<Ready> {
    const { rejected, ready } = this.#meshKind.sidecar;
    try {
      if (rejected.count(await this.#ask(host, rejected.paths)) > 0) return await this.#rejectionOf(host);
      return ready.answer(await this.#ask(host, ready.paths), this.#seenBy(host));
    } catch (error) {
      if (error instanceof AdminSilence) return notYet(`its Envoy does not answer yet (${error.message})`);
      throw error;
    }
  }

  /** The hosts that a sidecar has to see before it is used: a client's, all. */
  #seenBy(host: HostInstance): ServiceAddresses {
    const seen = new Map<string, string[]>();
    for (const { service, address, port } of isClient(host) ? this.#hosts.filter(isServer) : []) {
      const name = this.#meshKind.serviceHost(service, this.#request.topology.namespace);
      seen.set(name, [...(seen.get(name) ?? []), `${address}:${port}`]);
    }
    return seen;
  }

  /** Envoy counts it a moment before it is in the log: throws Envoy's words once they are there. */
  async #rejectionOf(host: HostInstance): Promise<NotYet> {
    refuseRejected((await this.#rejections()).filter(({ instance }) => instance === host.name));
    return notYet('it rejected its configuration; waiting for the reason');
  }

  /** What sidecars have said of configuration that they did not take, since the last change of it. */
  async #rejections(): Promise<RunContext['rejections']> {
    const found = await Promise.all(
      this.#hosts.map(async (host) => {
        const log = await readFile(this.#started.sidecarLog(host)).catch(() => Buffer.alloc(0));
        const said = log.subarray(this.#saidBefore.get(host.name) ?? 0).toString('utf8');
        return [...new Set(this.#meshKind.rejectionsIn(said))].map((reason) => ({
          instance: host.name,
          reason,
        }));
      }),
    );
    return found.flat();
  }

  #ask(host: HostInstance, paths: readonly string[]): Promise<string[]> {
    return Promise.all(
      paths.map(async (path) => {
        const answer = await http(`http://${host.admin}${path}`, { timeoutMs: adminTimeoutMs }).catch(
          (error: Error) => {
            throw new AdminSilence(error.message);
          },
        );
        return answer.body;
      }),
    );
  }

  async configure(configuration: MeshConfiguration, signal = this.signal): Promise<Arrivals> {
    const { sidecar } = this.#meshKind;
    const before = await Promise.all(
      this.#hosts.map(async (host) => {
        const log = await stat(this.#started.sidecarLog(host)).catch(() => undefined);
        this.#saidBefore.set(host.name, log?.size ?? 0);
        return sidecar.rejected.count(await this.#ask(host, sidecar.rejected.paths));
      }),
    );
    this.#revision += 1;
    const revision = String(this.#revision);
    await this.#started.configure(configuration, revision);
    const since = performance.now();
    // When one is given up, so are the others.
    const ended = new AbortController();
    const waits = this.#hosts.map(async (host, index) => {
      const rejectedBefore = before[index] ?? 0;
      const options = {
        timeoutMs: arrivalTimeoutMs,
        everyMs: 10,
        signal: AbortSignal.any([signal, this.signal, ended.signal]),
      };
      await eventually(
        async () =>
          sidecar.arrival.answer(await this.#ask(host, sidecar.arrival.paths), {
            revision,
            rejectedBefore,
          }),
        { ...options, waitingFor: `the sidecar of ${host.name} to hold the configuration` },
      );
      const tookMs = performance.now() - since;
      await eventually(
        async () => {
          if (sidecar.rejected.count(await this.#ask(host, sidecar.rejected.paths)) > rejectedBefore) {
            return this.#rejectionOf(host);
          }
          return sidecar.ready.answer(await this.#ask(host, sidecar.ready.paths), this.#seenBy(host));
        },
        { ...options, waitingFor: `the sidecar of ${host.name}` },
      );
      return [host.name, tookMs] as const;
    });
    try {
      return new Map(await Promise.all(waits));
    } finally {
      ended.abort();
      await Promise.allSettled(waits);
    }
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const mesh = this.#started;
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(this.#host(action.target.name).address, this.#appPorts, action);
      case 'kill':
        return this.#kill(action.target.name);
      case 'start':
        return this.#startAgain(this.#host(action.target.name), signal);
      case 'pause':
        return this.#runs(`${action.target.name}/app`).signal('SIGSTOP');
      case 'resume':
        return this.#runs(`${action.target.name}/app`).signal('SIGCONT');
      case 'stop-control-plane':
        await this.#end(mesh.controlPlane.name);
        return mesh.closeControlPlane();
      case 'start-control-plane':
        return this.#startControlPlane(mesh);
      default:
        throw environmentError(`the local lab cannot ${action.do}`, 'use --env kind');
    }
  }

  async #kill(instance: string): Promise<void> {
    await Promise.all([this.#end(`${instance}/app`), this.#end(`${instance}/sidecar`)]);
  }

  async #startAgain(host: HostInstance, signal?: AbortSignal): Promise<void> {
    await Promise.all([this.#startApp(host), this.#startSidecar(host, this.#started, signal)]);
  }

  /** The program of that name; a fault on one that does not run would be none. */
  #runs(name: string): RunningProgram {
    const program = this.#running.get(name);
    if (!program || program.exit !== undefined) throw environmentError(`${name} does not run`);
    return program;
  }

  async #end(name: string): Promise<void> {
    const program = this.#runs(name);
    this.#expected.add(program);
    this.#running.delete(name);
    await program.kill();
  }

  async trial(folder: TrialFolder): Promise<LabTrial> {
    if (this.#busy) throw new Error('a lab has one trial at a time');
    this.#busy = true;
    const logs = join(folder.evidence, 'access');
    await Promise.all([logs, folder.logs].map((path) => mkdir(path, { recursive: true })));
    // What came before is written first: the next line that a sidecar writes goes to the new file. Preparing the
    // load takes as long, so it does not wait for that.
    const opened = this.#settle().then(() =>
      Promise.all([
        this.#leadLogs((host) => join(logs, `${host.name}.log`)),
        ...this.#hosts.map((host) => seedApp(host, this.#appPorts)),
      ]),
    );
    opened.catch(() => {});
    return new Trial({
      prepareLoad: async (job) => {
        const [load] = await Promise.all([this.#prepareLoad(job, folder), opened]);
        return load;
      },
      settle: () => this.#settle(),
      window: async () => ({
        instances: this.instances,
        rejections: await this.#rejections(),
        // Sidecars write their logs straight into the evidence.
        gaps: [],
      }),
      release: async () => {
        await opened.catch(() => {});
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
        const sidecar = this.#running.get(`${host.name}/sidecar`);
        if (!sidecar || sidecar.exit !== undefined) return;
        await reopenLog(host, this.#meshKind.sidecar).catch((error: unknown) => {
          // A sidecar that dies just now is the lab's loss, and told as that.
          if (sidecar.exit === undefined) throw error;
        });
      }),
    );
  }

  /** Waits until no sidecar has a request under way or lines to write; twice, since the two are not told at once. */
  async #settle(): Promise<void> {
    const { idle, written } = this.#meshKind.sidecar;
    await Promise.all(
      this.#hosts.map(async (host) => {
        let quiet = 0;
        await eventually(
          async () => {
            const states = [
              idle.answer(await this.#ask(host, idle.paths)),
              written.answer(await this.#ask(host, written.paths)),
            ];
            quiet = states.some((state) => state instanceof NotYet) ? 0 : quiet + 1;
            return quiet >= 2 ? undefined : notYet('it has been quiet for a moment only');
          },
          { waitingFor: `the requests at ${host.name} to end`, timeoutMs: settleTimeoutMs },
          // What is missing then is a finding of the analysis.
        ).catch(() => {});
      }),
    );
  }

  /** A k6 for every client of the load, each through its own sidecar. */
  async #prepareLoad(job: LoadJob, folder: TrialFolder): Promise<PreparedLoad> {
    const { services, namespace } = this.#request.topology;
    if (job.number >= mostLoads) throw usageError(`the local lab takes ${mostLoads} loads at once`);
    const clients = this.#hosts.filter((host) => isClient(host) && host.service === job.from);
    const generators = await Promise.all(
      clients.map((client, index) => {
        const name = generatorName(index, clients.length, job.name);
        return startK6(job, {
          k6: this.#found.paths['k6'] ?? '',
          name,
          api: `${this.#block.address(hosts.load + job.number)}:${this.#block.port(generatorPort + index)}`,
          segment: segment(index, clients.length),
          directory: join(this.#request.directory, name, client.name),
          log: join(folder.logs, `${name}.log`),
          names: Object.fromEntries(
            services.map(({ name }) => [this.#meshKind.serviceHost(name, namespace), client.egressAddress]),
          ),
          launch: async (spec) => {
            const program = await this.#supervisor.start(spec);
            this.#running.set(spec.name, program);
            return program;
          },
        });
      }),
    );
    return spreadLoad(job, generators);
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

  access(): readonly string[] {
    const { topology } = this.#request;
    const { configurationDirectory, configurationFile } = this.#started;
    const client = this.#hosts.find(isClient);
    return [
      ...(client
        ? [
            'Call a service as the client does (over mTLS):',
            ...servedBy(topology).map(
              ({ name, port }) =>
                `  curl -H 'Host: ${this.#meshKind.serviceHost(name, topology.namespace)}' http://${client.egressAddress}:${port}/`,
            ),
          ]
        : []),
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
      `Change the mesh configuration: edit ${configurationFile}`,
      `(the control plane watches its folder; of two rules for one host, the one that came first holds),`,
      `or drop YAML beside it with metadata.namespace ${topology.namespace}:`,
      `  ${configurationDirectory}`,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.values()) this.#expected.add(program);
    await this.releases?.[Symbol.asyncDispose]();
  }
}

/** A sidecar's admin interface that does not answer. */
class AdminSilence extends Error {}

function refuseRejected(rejections: RunContext['rejections']): void {
  const [first] = rejections;
  if (first === undefined) return;
  const reasons = rejections.filter(({ instance }) => instance === first.instance);
  throw environmentError(
    `the sidecar of ${first.instance} rejected its configuration: ${reasons.map(({ reason }) => reason).join('; ')}`,
    "the words are Envoy's own; look for what they name in the mesh configuration under test",
  );
}
