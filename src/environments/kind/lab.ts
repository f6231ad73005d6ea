import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, OperatorError } from '../../kit/errors.ts';
import { http } from '../../kit/http.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { InstanceContext, ProcessSample, RunContext } from '../../model/evidence.ts';
import type { Action } from '../../model/fault.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { isClient } from '../../model/topology.ts';
import {
  clusterPrefix,
  deleteRecorded,
  mortalCluster,
  readClusterRecord,
  recordCluster,
} from '../../runs/clusters.ts';
import { findLeftovers, liveRuns, runsDirectory } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Arrivals, Lab, LabRequest, LabTrial, TrialFolder } from '../contract.ts';
import { AccessLogs } from '../kubernetes/access-logs.ts';
import { ClusterApi, messageOf, WORKLOAD_LABEL } from '../kubernetes/api.ts';
import { askVersions } from '../kubernetes/ask-versions.ts';
import { commandRunner } from '../kubernetes/commands.ts';
import type { LabContext } from '../kubernetes/context.ts';
import { deploy, nodesReady, podsReady, sidecarsInSync } from '../kubernetes/deployment.ts';
import { ClusterFaults } from '../kubernetes/faults.ts';
import { firstRequest } from '../kubernetes/first-request.ts';
import { checkInstallation, installMesh, meshSettings } from '../kubernetes/installation.ts';
import { prepareK6 } from '../kubernetes/k6.ts';
import { isObserver } from '../kubernetes/manifests.ts';
import type { PodAgent } from '../kubernetes/pod-agent.ts';
import { type Member, podName, Roster } from '../kubernetes/pods.ts';
import { reachLines } from '../kubernetes/reach.ts';
import { Rejections } from '../kubernetes/rejections.ts';
import { seedApps } from '../kubernetes/seeds.ts';
import { ClusterUsage } from '../kubernetes/usage.ts';
import { openCluster } from './cluster.ts';
import type { KindOptions } from './environment.ts';
import { buildApp, loadImages, type WantedImage } from './images.ts';
import { clusterConfiguration, fingerprint } from './topology.ts';
import { kindSettings } from './versions.ts';

const watchEveryMs = 1_000;
/** The API server may be slow on a busy machine; silence this long is a cluster that is gone. */
const silenceMs = 20_000;

/** Makes a cluster or takes the kept one, and everything of a plan in it. */
export async function startKindLab(
  request: LabRequest,
  mesh: Mesh,
  programs: () => Promise<HostPrograms>,
  options: KindOptions,
): Promise<Lab> {
  const settings = kindSettings(process.env);
  const run = await commandRunner(request.directory, settings.docker);
  await mkdir(join(request.directory, 'evidence', 'access'), { recursive: true });
  await mkdir(request.logs, { recursive: true });
  const configuration = await clusterConfiguration(request.topology, settings);
  const keep = options.keep ?? false;
  const name = keep
    ? clusterPrefix.kept + fingerprint(configuration, settings.nodeImage)
    : clusterPrefix.run(runsDirectory()) + fingerprint(request.runId);
  if (keep) await claimKept(name, request, settings.docker);
  const found = await programs();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => deleteUnlessKept(request, settings.docker));
  const log = join(request.logs, 'kind.log');
  const { progress, ongoing, directory } = request;
  const [cluster, appImage] = await bothOrNeither(request.signal, (signal) => {
    const context = { run, settings, log, progress, ongoing, signal };
    return [openCluster({ ...context, name, configuration, directory, keep }), buildApp(context)];
  });
  const api = stack.use(new ClusterApi(cluster.kubeconfig, request.runId));
  const lab = new KindLab(request, mesh, appImage, { found, settings, run, cluster, api });
  stack.defer(() => lab.close());
  await lab.start();
  lab.releases = stack.move();
  return lab;
}

/** What cannot be removed now is left to the next command: the run's folder stays, and knows of it. */
async function deleteUnlessKept({ directory, progress, warn }: LabRequest, docker: string) {
  const name = mortalCluster(directory);
  if (name === undefined) return;
  progress(`deleting the cluster ${name}`);
  try {
    await deleteRecorded(directory, docker);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    warn(`${error.message}\n${error.hint}`);
  }
}

/**
 * Two runs on one kept cluster would break each other. Each says what it wants before it looks who else does, so
 * of two that begin at once at least one steps back.
 */
async function claimKept(name: string, { directory, runId }: LabRequest, docker: string) {
  await recordCluster(directory, { name, kept: true }, docker);
  const other = liveRuns().find(
    ({ root, id }) => id !== runId && readClusterRecord(join(root, id))?.name === name,
  );
  if (other) {
    throw environmentError(
      `${other.id} is using the kept cluster ${name}`,
      'wait for it to end, or run without --keep',
    );
  }
  const halfMade = findLeftovers().find(({ clusters }) => clusters.includes(name));
  if (halfMade) {
    throw environmentError(
      `${halfMade.runId} has left the cluster ${name} half made`,
      'npx breakwater cleanup removes it, or says why it cannot',
    );
  }
}

/** Runs two things at once; when one fails the other is stopped and waited for, so that nothing goes on behind. */
async function bothOrNeither<A, B>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const failed = new AbortController();
  const [one, other] = start(AbortSignal.any([signal, failed.signal]));
  const stopping = (error: unknown) => {
    if (!failed.signal.aborted) failed.abort(error);
    throw error;
  };
  await Promise.allSettled([one.catch(stopping), other.catch(stopping)]);
  if (failed.signal.aborted) throw failed.signal.reason;
  return [await one, await other];
}

class KindLab implements Lab {
  mesh: string;
  programs: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly lost: Promise<string>;
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #context: LabContext;
  readonly #appImage: string;
  readonly #roster: Roster;
  readonly #faults: ClusterFaults;
  readonly #logs: AccessLogs;
  readonly #usage: ClusterUsage;
  /** By pod: the way to its sidecar's admin interface. */
  readonly #admins = new Map<string, PodAgent>();
  readonly #ended = new AbortController();
  #lose: (reason: string) => void = () => {};
  #watching: Promise<void> | undefined;

  constructor(
    request: LabRequest,
    mesh: Mesh,
    appImage: string,
    parts: Pick<LabContext, 'found' | 'settings' | 'run' | 'cluster' | 'api'>,
  ) {
    const { namespace } = request.topology;
    const { sidecar, controlPlane } = mesh.cluster;
    const { api, cluster, found } = parts;
    const startedAt = new Date();
    this.signal = request.signal;
    this.mesh = `${mesh.name} ${mesh.version}`;
    this.programs = { ...found.versions, kind: cluster.kindVersion };
    this.#appImage = appImage;
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
      request,
      mesh,
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
    const { request, cluster, settings, mesh, namespace } = context;
    if (cluster.reused) await this.#faults.mend();
    const images = this.#images();
    const within = (signal: AbortSignal) => ({ ...context, request: { ...request, signal } });
    await bothOrNeither(request.signal, (signal) => [
      nodesReady(within(signal)),
      this.#loadImages(images.controlPlane, signal),
    ]);
    await bothOrNeither(request.signal, (signal) => [
      installMesh(within(signal)),
      this.#loadImages(images.workloads, signal),
    ]);
    await deploy(context, { app: this.#appImage, k6: settings.k6Image });
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

  /** What is needed where: for the control plane, and for all that is deployed after it. */
  #images() {
    const { settings, cluster, mesh } = this.#context;
    const images = mesh.cluster.images(meshSettings(settings));
    const observers = cluster.nodes.filter(isObserver);
    const workers = cluster.nodes.filter((node) => !observers.includes(node));
    return {
      controlPlane: images.controlPlane.map((image) => ({ image, nodes: observers })),
      workloads: [
        ...images.sidecar.map((image) => ({ image, nodes: cluster.nodes })),
        { image: settings.k6Image, nodes: observers },
        { image: this.#appImage, nodes: workers },
      ],
    };
  }

  #loadImages(wanted: readonly WantedImage[], signal: AbortSignal): Promise<void> {
    const { run, settings, request, cluster, api } = this.#context;
    const log = join(request.logs, 'kind.log');
    return loadImages({ ...request, run, settings, log, signal }, cluster, api, wanted);
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

  /** Keeps the roster true, and notices what ends without a fault. */
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
    this.#faults[Symbol.dispose]();
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
