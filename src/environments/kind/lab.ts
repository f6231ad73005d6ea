import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import {
  accessLogFormat,
  type InstanceContext,
  type ProcessSample,
  type RunContext,
} from '../../evidence/contract.ts';
import type { Action } from '../../faults/contract.ts';
import { environmentError, OperatorError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { ClusterMesh, ClusterMeshSettings, Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import { clusterPrefix, deleteCluster, usersOfCluster } from '../clusters.ts';
import type { EnvironmentRequest, LoadJob, PreparedLoad, StartedEnvironment } from '../contract.ts';
import { liveRuns, RUN_MARK, runsDirectory } from '../run-directory.ts';
import { AccessLogs } from './access-logs.ts';
import { ClusterApi, type Forward, messageOf, WORKLOAD_LABEL } from './api.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { commandRunner, type Run, visibly } from './commands.ts';
import { diagnose, events, standing } from './diagnose.ts';
import type { KindOptions } from './environment.ts';
import { firstRequest } from './first-request.ts';
import { buildApp, loadImages } from './images.ts';
import { prepareK6 } from './k6.ts';
import { APP, appPorts, observerNodes, topologyObjects } from './manifests.ts';
import { Nodes } from './nodes.ts';
import { containerIds, isReady, type Member, podName, Roster, restarts } from './pods.ts';
import { clusterConfiguration, fingerprint } from './topology.ts';
import { ClusterUsage } from './usage.ts';
import { type KindSettings, kindSettings, versions } from './versions.ts';

const readyTimeoutMs = 180_000;
const watchEveryMs = 1_000;
/** The API server may be slow on a busy machine; silence this long is a cluster that is gone. */
const silenceMs = 20_000;
const startedAgainTimeoutMs = 120_000;
/** In the mesh's namespace: which installation is there. */
const installedMark = 'breakwater-installation';

/** Makes a cluster or takes the kept one, and everything of a plan in it. */
export async function startKindLab(
  request: EnvironmentRequest,
  mesh: Mesh,
  programs: () => Promise<HostPrograms>,
  options: KindOptions,
): Promise<StartedEnvironment> {
  const settings = kindSettings(process.env);
  const run = commandRunner({ [RUN_MARK]: request.directory });
  await mkdir(join(request.evidence, 'access'), { recursive: true });
  await mkdir(request.logs, { recursive: true });
  const configuration = await clusterConfiguration(request.plan, settings);
  const keep = options.keep ?? false;
  const name = keep
    ? clusterPrefix.kept + fingerprint(configuration, settings.nodeImage)
    : clusterPrefix.run(runsDirectory()) + fingerprint(request.runId);
  if (keep) refuseSharing(name, request.runId);
  const found = await programs();
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    if (keep) return;
    request.progress(`deleting the cluster ${name}`);
    deleteCluster({ name, docker: settings.docker });
  });
  const [cluster, appImage] = await bothOrNeither(request.signal, (signal) => [
    openCluster({
      name,
      configuration,
      settings,
      directory: request.directory,
      log: join(request.logs, 'kind.log'),
      keep,
      run,
      progress: request.progress,
      signal,
    }),
    buildApp({ run, settings, log: join(request.logs, 'kind.log'), progress: request.progress, signal }),
  ]);
  const api = stack.use(new ClusterApi(cluster.kubeconfig, request.runId));
  const lab = new KindLab({ request, mesh, found, settings, run, cluster, api, appImage });
  stack.use({ [Symbol.asyncDispose]: () => lab.close() });
  await lab.start();
  lab.releases = stack.move();
  return lab;
}

/** Two labs on one kept cluster would break each other. */
function refuseSharing(name: string, runId: string): void {
  const other = liveRuns().find(({ root, id }) => id !== runId && usersOfCluster(root, name).includes(id));
  if (other) {
    throw environmentError(
      `${other.id} is using the kept cluster ${name}`,
      'wait for it to end, or run without --keep',
    );
  }
}

/** Runs two things at once; when one fails the other is stopped and waited for, so that nothing goes on behind. */
async function bothOrNeither<A, B>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const failed = new AbortController();
  const parts = start(AbortSignal.any([signal, failed.signal]));
  const results = await Promise.allSettled(
    parts.map((part) =>
      part.catch((error) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [A, B];
}

interface Parts {
  readonly request: EnvironmentRequest;
  readonly mesh: Mesh;
  readonly found: HostPrograms;
  readonly settings: KindSettings;
  readonly run: Run;
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  readonly appImage: string;
}

class KindLab implements StartedEnvironment {
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly lost: Promise<string>;
  firstRequestAt = Number.NaN;
  releases: AsyncDisposableStack | undefined;

  readonly #parts: Parts;
  readonly #mesh: ClusterMesh;
  readonly #namespace: string;
  readonly #roster: Roster;
  readonly #nodes: Nodes;
  readonly #logs: AccessLogs;
  readonly #usage: ClusterUsage;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #forwards = new Map<string, Promise<Forward>>();
  /** Instances that a fault has taken down: their ends alarm nobody. */
  readonly #down = new Set<string>();
  readonly #restartsAtStart = new Map<string, number>();
  readonly #ended = new AbortController();
  readonly #startedAt = new Date().toISOString().replace(/\.\d+/, '');
  #lose: (reason: string) => void = () => {};
  #watching: Promise<void> | undefined;

  constructor(parts: Parts) {
    const { request, mesh, found, cluster, api } = parts;
    this.#parts = parts;
    this.#mesh = mesh.cluster;
    this.#namespace = request.plan.scenario.topology.namespace;
    this.mesh = `${mesh.name} ${mesh.version}`;
    this.programs = {
      ...found.versions,
      kind: cluster.kindVersion,
      kubernetes: versions.kubernetes,
      k6: versions.k6,
    };
    this.#roster = new Roster(request.plan.instances);
    this.#nodes = new Nodes(parts.run, parts.settings.docker);
    this.#logs = new AccessLogs(
      api,
      this.#namespace,
      this.#mesh.sidecar.container,
      request.evidence,
      request.logs,
    );
    this.#usage = new ClusterUsage(
      api,
      cluster.nodes,
      this.#roster,
      this.#mesh.controlPlane,
      this.#mesh.sidecar.container,
    );
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  /** With every address that a replica has had. */
  get instances(): readonly InstanceContext[] {
    return this.#roster.members.map(({ instance, addresses, pod }) => ({
      name: instance.name,
      service: instance.service,
      workload: instance.workload,
      replica: instance.replica,
      locality: instance.locality,
      client: instance.client,
      addresses: instance.client ? [pod?.status?.podIP ?? ''] : addresses,
    }));
  }

  get gaps(): RunContext['gaps'] {
    return this.#logs.gaps;
  }

  async start(): Promise<void> {
    const { request, api, cluster, appImage, settings } = this.#parts;
    const meshSettings = this.#meshSettings();
    if (cluster.reused) await this.#nodes.mend(cluster.nodes);
    await this.#nodesReady();
    const images = this.#mesh.images(meshSettings);
    const observers = cluster.nodes.filter((node) => node.endsWith('-control-plane'));
    const workers = cluster.nodes.filter((node) => !observers.includes(node));
    await loadImages(
      {
        run: this.#parts.run,
        settings,
        log: join(request.logs, 'kind.log'),
        progress: request.progress,
        signal: request.signal,
      },
      cluster,
      api,
      [
        ...images.sidecar.map((image) => ({ image, nodes: cluster.nodes })),
        ...images.controlPlane.map((image) => ({ image, nodes: observers })),
        { image: settings.k6Image, nodes: observers },
        { image: appImage, nodes: workers },
      ],
    );
    await this.#install(meshSettings);
    await this.#deploy();
    await this.#everyoneReady(cluster.reused);
    this.#watching = this.#watch();
    await this.#inSync();
    await this.#firstRequest();
    await this.#checkInstallation();
  }

  #meshSettings(): ClusterMeshSettings {
    const { settings } = this.#parts;
    return {
      hub: settings.meshHub,
      tag: settings.meshTag,
      stockEnvoy: settings.stockEnvoy,
      accessLogFormat,
      controlPlaneNodes: observerNodes,
    };
  }

  async #nodesReady(): Promise<void> {
    const { api, request, cluster } = this.#parts;
    request.progress(`waiting for ${cluster.nodes.length} nodes`);
    await eventually(
      async () => {
        const { items } = await api.core.listNode().catch(() => ({ items: [] }));
        const ready = items.filter(({ status }) =>
          status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
        );
        if (ready.length === cluster.nodes.length) return {};
        return `${ready.length} of ${cluster.nodes.length} nodes are ready`;
      },
      { waitingFor: 'the nodes', timeoutMs: readyTimeoutMs, everyMs: 300, signal: request.signal },
    );
  }

  /** Installs the mesh unless just this installation is there. */
  async #install(settings: ClusterMeshSettings): Promise<void> {
    const { request, api, mesh } = this.#parts;
    const { namespace, deployment } = this.#mesh.controlPlane;
    const command = await this.#mesh.installation(settings, request.directory);
    const wanted = fingerprint(JSON.stringify(settings), mesh.version);
    const installed = await api.core
      .readNamespacedConfigMap({ name: installedMark, namespace })
      .then(({ data }) => data?.['fingerprint'])
      .catch(() => undefined);
    if (installed === wanted) return;
    try {
      await visibly(`installing ${this.mesh} (${command.what})`, request.progress, () =>
        this.#command(command.program, command.args, command.what, 300_000),
      );
    } catch (error) {
      request.signal.throwIfAborted();
      const pods = await api.pods(namespace, this.#mesh.controlPlane.labelSelector).catch(() => []);
      for (const pod of pods) {
        const imageProblem = await diagnosePlain(pod, api);
        if (imageProblem) throw imageProblem;
      }
      const state = pods.map((pod) => `${podName(pod)}: ${standing(pod)}`).join('\n');
      throw environmentError(
        (error as Error).message,
        `${state}\n${await events(api, { metadata: { name: deployment, namespace } })}`,
        error,
      );
    }
    await api.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: installedMark, namespace },
      data: { fingerprint: wanted },
    });
  }

  #command(program: string, args: readonly string[], what: string, timeoutMs: number): Promise<string> {
    const { found, run, cluster, request } = this.#parts;
    return run(found.paths[program] ?? program, args, {
      what,
      timeoutMs,
      signal: request.signal,
      log: join(request.logs, `${program}.log`),
      env: { KUBECONFIG: cluster.kubeconfig },
    });
  }

  /** Applies the topology and the mesh configuration; on a kept cluster only what differs changes. */
  async #deploy(): Promise<void> {
    const { request, api, appImage, settings, cluster } = this.#parts;
    const { plan, resources } = request;
    request.progress(`applying ${plan.scenario.name} to the cluster`);
    await api.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.#namespace, labels: this.#mesh.namespaceLabels },
    });
    const objects = topologyObjects(plan, this.#mesh, { app: appImage, k6: settings.k6Image });
    // Identities before the pods that have them; configuration before the traffic.
    for (const object of objects) await api.apply(object);
    for (const resource of this.#mesh.resources(plan)) await api.apply(resource);
    for (const resource of resources) await api.apply(resource.value, resource.namespace);
    if (!cluster.reused) return;
    const own = [
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      { apiVersion: 'v1', kind: 'Service' },
      { apiVersion: 'v1', kind: 'ServiceAccount' },
    ];
    await api.prune([...own, ...(await api.kindsOf('istio.io'))]);
    // A container that was killed before is started later each time; faults of a crashed run may still be on;
    // and a sidecar that once rejected something counts that for as long as it lives.
    const pods = await api.pods(this.#namespace, WORKLOAD_LABEL);
    await Promise.all(
      pods.map(async (pod) => {
        if (restarts(pod) > 0 || (await this.#hasRejected(pod))) {
          await api.core.deleteNamespacedPod({
            name: podName(pod),
            namespace: this.#namespace,
            gracePeriodSeconds: 0,
          });
        } else {
          await api.request('DELETE', this.#controlPath(pod, '/faults')).catch(() => {});
        }
      }),
    );
  }

  async #hasRejected(pod: V1Pod): Promise<boolean> {
    if (!isReady(pod)) return false;
    const { address } = await this.#forward(podName(pod));
    const answers = await Promise.all(
      this.#mesh.sidecar.readyPaths.map(async (path) => {
        const answer = await http(`http://${address}${path}`, { timeoutMs: 5_000, agent: this.#agent });
        return answer.body;
      }),
    ).catch(() => []);
    return /rejected/.test(String(this.#mesh.sidecar.ready(answers, new Map())));
  }

  /** Waits until there is a ready pod for every replica, and says what each that is not waits for. */
  async #everyoneReady(reused: boolean): Promise<void> {
    const { request, api } = this.#parts;
    const startedAt = Date.now();
    let shown = '';
    await eventually(
      patiently(async () => {
        const fresh = this.#roster.update(await api.pods(this.#namespace, WORKLOAD_LABEL));
        for (const member of fresh) this.#followLog(member, !reused || isYoung(member.pod, startedAt));
        const waiting = this.#roster.members.filter(({ pod }) => pod === undefined || !isReady(pod));
        if (waiting.length === 0) return {};
        const [first] = waiting;
        const rejections = await this.#podRejections();
        for (const { pod } of waiting) {
          const problem = pod && (await diagnose(pod, api, this.#mesh, rejections));
          if (problem) throw problem;
        }
        const text = `waiting for ${waiting.length} of ${this.#roster.members.length} pods; ${first?.instance.name}: ${standing(first?.pod)}`;
        if (text !== shown) request.progress(text);
        shown = text;
        return `${first?.instance.name} (${podName(first?.pod) || 'no pod'}): ${standing(first?.pod)}`;
      }),
      {
        waitingFor: 'the pods',
        timeoutMs: readyTimeoutMs,
        everyMs: 400,
        signal: request.signal,
      },
    ).catch(async (error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('gave up')) throw error;
      const missing = this.#roster.members.find(({ pod }) => pod === undefined || !isReady(pod));
      const about = missing?.pod ?? {
        metadata: { name: missing?.instance.workload ?? '', namespace: this.#namespace },
      };
      throw environmentError(error.message, await events(api, about), error);
    });
    for (const { instance, pod } of this.#roster.members) {
      this.#restartsAtStart.set(instance.name, pod ? restarts(pod) : 0);
    }
  }

  #followLog(member: Member, fresh: boolean): void {
    this.#logs.follow(member.instance.name, podName(member.pod), fresh);
  }

  /** Waits until the clients' sidecars have their configuration and see exactly the replicas there are. */
  async #inSync(): Promise<void> {
    const { request, mesh } = this.#parts;
    request.progress('waiting for the sidecars to be in sync');
    const hosts = new Map<string, string[]>();
    for (const { instance, addresses } of this.#roster.members) {
      const address = addresses.at(-1);
      if (instance.client || address === undefined) continue;
      const host = mesh.serviceHost(instance.service, this.#namespace);
      hosts.set(host, [...(hosts.get(host) ?? []), address]);
    }
    await Promise.all(
      this.#roster.members.map((member) =>
        eventually(
          async () => {
            try {
              const answers = await Promise.all(
                this.#mesh.sidecar.readyPaths.map((path) => this.admin(member.instance.name, path, 5_000)),
              );
              const state = this.#mesh.sidecar.ready(answers, member.instance.client ? hosts : new Map());
              if (typeof state !== 'string') return state;
              const rejected = (await this.#podRejections()).find(({ pod }) => pod === podName(member.pod));
              if (rejected) {
                throw environmentError(
                  `the sidecar of ${member.instance.name} (${podName(member.pod)}) rejected its configuration: ${rejected.reason}`,
                  "the words are Envoy's own; look for what they name in the mesh configuration under test",
                );
              }
              return state;
            } catch (error) {
              if (error instanceof OperatorError && /rejected/.test(error.message)) throw error;
              return messageOf(error);
            }
          },
          {
            waitingFor: `the sidecar of ${member.instance.name} (${podName(member.pod)}) to be in sync`,
            timeoutMs: 60_000,
            everyMs: 300,
            signal: request.signal,
          },
        ),
      ),
    );
  }

  async #firstRequest(): Promise<void> {
    const { request, api, mesh } = this.#parts;
    const { load, topology } = request.plan.scenario;
    request.progress('waiting for the first request through two sidecars');
    const host = mesh.serviceHost(load.to, this.#namespace);
    const url = `http://${host}:${topology.services[load.to]?.port}/`;
    this.firstRequestAt = await firstRequest(
      api,
      this.#namespace,
      podName(this.#clients()[0]?.pod),
      url,
      request.signal,
    );
  }

  /** The mesh's own tools have the last word on what was installed. */
  async #checkInstallation(): Promise<void> {
    const { request } = this.#parts;
    const checks = this.#mesh.checks(this.#namespace);
    request.progress(`checking with ${checks.map(({ what }) => what).join(' and ')}`);
    await Promise.all(
      checks.map(async (check) => {
        const output = await this.#command(check.program, check.args, check.what, 60_000);
        const problems = check.problems(output);
        if (problems.length > 0) throw environmentError(`${check.what} finds:\n${problems.join('\n')}`);
      }),
    );
  }

  /** Keeps the roster true, and notices what ends without a fault. */
  async #watch(): Promise<void> {
    const { api } = this.#parts;
    let heardAt = Date.now();
    while (!this.#ended.signal.aborted) {
      try {
        const fresh = this.#roster.update(await api.pods(this.#namespace, WORKLOAD_LABEL));
        heardAt = Date.now();
        for (const member of fresh) this.#followLog(member, true);
        for (const { instance, pod } of this.#roster.members) this.#notice(instance.name, pod);
      } catch (error) {
        if (Date.now() - heardAt > silenceMs) this.#lose(`the API server is silent: ${messageOf(error)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, watchEveryMs);
        this.#ended.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #notice(name: string, pod: V1Pod | undefined): void {
    if (this.#down.has(name)) return;
    const before = this.#restartsAtStart.get(name) ?? 0;
    if (!pod) this.#lose(`the pod of ${name} is gone`);
    else if (restarts(pod) > before) {
      const ended = (pod.status?.containerStatuses ?? [])
        .concat(pod.status?.initContainerStatuses ?? [])
        .find(({ lastState }) => lastState?.terminated);
      const how = ended?.lastState?.terminated;
      this.#lose(
        `${podName(pod)}/${ended?.name} of ${name} ended by itself (${how?.reason}, exit code ${how?.exitCode})`,
      );
    }
  }

  #clients(): Member[] {
    return this.#roster.members.filter(({ instance }) => instance.client);
  }

  #controlPath(pod: V1Pod | undefined, path: string): string {
    return `/api/v1/namespaces/${this.#namespace}/pods/${podName(pod)}:${appPorts.control}/proxy${path}`;
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const member = this.#roster.of(action.instance);
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return this.#controlApp(member, action);
      case 'kill': {
        const pod = await this.#fresh(member);
        this.#down.add(action.instance);
        await this.#nodes.kill(pod.spec?.nodeName ?? '', action.instance, containerIds(pod));
        return;
      }
      case 'start':
        return this.#startAgain(member, signal);
      case 'pause':
      case 'resume': {
        const pod = await this.#fresh(member);
        const name = action.do === 'pause' ? 'STOP' : 'CONT';
        await this.#nodes.signal(pod.spec?.nodeName ?? '', name, containerIds(pod, APP));
        return;
      }
      case 'stop-node': {
        const pod = await this.#fresh(member);
        this.#down.add(action.instance);
        return this.#nodes.stop(pod.spec?.nodeName ?? '', action.instance);
      }
      case 'start-node':
        return this.#startNode(member, signal);
      case 'scale-down':
        return this.#scaleDown(member, signal);
      case 'scale-up':
        return this.#scaleUp(member, signal);
    }
  }

  async #fresh({ instance, pod }: Member): Promise<V1Pod> {
    if (!pod) throw environmentError(`${instance.name} has no pod`);
    return this.#parts.api.core.readNamespacedPod({ name: podName(pod), namespace: this.#namespace });
  }

  /** After a kill: its node may start things again. */
  async #startAgain(member: Member, signal?: AbortSignal): Promise<void> {
    const dead = member.pod ? containerIds(member.pod) : [];
    await this.#nodes.release(member.pod?.spec?.nodeName ?? '', member.instance.name, signal);
    await this.#runsAgain(member, dead, signal);
  }

  async #startNode(member: Member, signal?: AbortSignal): Promise<void> {
    const dead = member.pod ? containerIds(member.pod) : [];
    await this.#nodes.start(member.pod?.spec?.nodeName ?? '', member.instance.name, signal);
    await this.#runsAgain(member, dead, signal);
  }

  /** Waits for the same pod with other containers than the dead ones. */
  async #runsAgain(member: Member, before: readonly string[], signal?: AbortSignal): Promise<void> {
    const { instance } = member;
    const dead = new Set(before);
    await eventually(
      patiently(async () => {
        const [pod] = (await this.#parts.api.pods(this.#namespace, WORKLOAD_LABEL)).filter(
          ({ metadata }) => metadata?.uid === member.pod?.metadata?.uid,
        );
        if (!pod) return standing(member.pod);
        const alive = containerIds(pod);
        if (alive.length === 0 || alive.some((id) => dead.has(id)) || !isReady(pod)) return standing(pod);
        member.pod = pod;
        this.#restartsAtStart.set(instance.name, restarts(pod));
        return {};
      }),
      {
        waitingFor: `${instance.name} (${podName(member.pod)}) to run again`,
        timeoutMs: startedAgainTimeoutMs,
        everyMs: 200,
        ...(signal ? { signal } : {}),
      },
    );
    this.#down.delete(instance.name);
  }

  async #scaleDown(member: Member, signal?: AbortSignal): Promise<void> {
    const gone = member.pod?.metadata?.uid;
    this.#down.add(member.instance.name);
    await this.#scale(member.instance.workload, 0);
    await eventually(
      patiently(async () => {
        const pods = await this.#parts.api.pods(this.#namespace, WORKLOAD_LABEL);
        return pods.some(({ metadata }) => metadata?.uid === gone) ? 'its pod is still there' : {};
      }),
      {
        waitingFor: `${member.instance.name} to go`,
        timeoutMs: startedAgainTimeoutMs,
        everyMs: 100,
        ...(signal ? { signal } : {}),
      },
    );
  }

  async #scaleUp(member: Member, signal?: AbortSignal): Promise<void> {
    const { instance } = member;
    const all = this.#roster.members.filter((other) => other.instance.workload === instance.workload);
    await this.#scale(instance.workload, all.length);
    await eventually(
      patiently(async () => {
        const fresh = this.#roster.update(await this.#parts.api.pods(this.#namespace, WORKLOAD_LABEL));
        for (const each of fresh) this.#followLog(each, true);
        return member.pod && isReady(member.pod) ? {} : standing(member.pod);
      }),
      {
        waitingFor: `${instance.name} to be there again`,
        timeoutMs: startedAgainTimeoutMs,
        everyMs: 200,
        ...(signal ? { signal } : {}),
      },
    );
    this.#restartsAtStart.set(instance.name, member.pod ? restarts(member.pod) : 0);
    this.#down.delete(instance.name);
  }

  async #scale(workload: string, replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${this.#namespace}/deployments/${workload}/scale`;
    const answer = await this.#parts.api.request('PATCH', path, {
      body: JSON.stringify({ spec: { replicas } }),
      contentType: 'application/merge-patch+json',
    });
    if (answer.status >= 300) {
      throw environmentError(`cannot scale ${workload} to ${replicas}: ${answer.body.slice(0, 200)}`);
    }
  }

  /** Through the API server to the app's control port, which goes past the sidecar. */
  async #controlApp(
    member: Member,
    action: Extract<Action, { do: 'set-fault' | 'clear-fault' }>,
  ): Promise<void> {
    const path = this.#controlPath(member.pod, `/faults/${encodeURIComponent(action.id)}`);
    const { api } = this.#parts;
    const answer =
      action.do === 'set-fault'
        ? await api.request('PUT', path, { body: JSON.stringify(action.behaviour), timeoutMs: 5_000 })
        : await api.request('DELETE', path, { timeoutMs: 5_000 });
    if (answer.status >= 300) {
      throw environmentError(
        `${action.instance} (${podName(member.pod)}) answered ${answer.status} to ${action.do}: ${answer.body.slice(0, 200)}`,
      );
    }
  }

  async prepareLoad(job: LoadJob): Promise<PreparedLoad> {
    const { api, request } = this.#parts;
    const generators = this.#clients().map(({ instance, pod }) => ({
      instance: instance.name,
      pod: podName(pod),
    }));
    return prepareK6(job, api, this.#namespace, generators, request.logs);
  }

  async admin(instance: string, path: string, timeoutMs: number): Promise<string> {
    const { address } = await this.#forward(podName(this.#roster.of(instance).pod));
    const { status, body } = await http(`http://${address}${path}`, { timeoutMs, agent: this.#agent });
    if (status !== 200) throw environmentError(`${instance}'s sidecar answered ${status} to ${path}`);
    return body;
  }

  #forward(pod: string): Promise<Forward> {
    const known = this.#forwards.get(pod);
    if (known) return known;
    const made = this.#parts.api.forward(this.#namespace, pod, this.#mesh.sidecar.adminPort);
    this.#forwards.set(pod, made);
    return made;
  }

  processes(): Promise<readonly ProcessSample[]> {
    return this.#usage.sample();
  }

  async rejections() {
    return (await this.#podRejections()).flatMap(({ pod, reason }) => {
      const member = this.#roster.members.find((candidate) => podName(candidate.pod) === pod);
      return member ? [{ instance: member.instance.name, reason }] : [];
    });
  }

  /** From the control plane's log of this run. */
  async #podRejections() {
    const { api } = this.#parts;
    const { namespace, labelSelector, container } = this.#mesh.controlPlane;
    const logs = await Promise.all(
      (await api.pods(namespace, labelSelector).catch(() => [])).map(async (pod) => {
        const query = new URLSearchParams({ container, sinceTime: this.#startedAt, limitBytes: '4000000' });
        const path = `/api/v1/namespaces/${namespace}/pods/${podName(pod)}/log?${query}`;
        const answer = await api.request('GET', path).catch(() => undefined);
        return answer?.status === 200 ? answer.body : '';
      }),
    );
    const current = new Set(this.#roster.members.map(({ pod }) => podName(pod)));
    return this.#mesh.rejections(logs.join('\n')).filter(({ pod }) => current.has(pod));
  }

  async collect(): Promise<void> {
    await this.#logs.collect();
  }

  reach(): readonly string[] {
    const { cluster, request } = this.#parts;
    const client = podName(this.#clients()[0]?.pod);
    return [
      'Use the cluster:',
      `  export KUBECONFIG=${cluster.kubeconfig}`,
      'Call a service as the client does (over mTLS):',
      ...Object.entries(request.plan.scenario.topology.services)
        .filter(([name]) => name !== request.plan.scenario.load.from)
        .map(
          ([name, { port }]) =>
            `  kubectl -n ${this.#namespace} exec ${client} -c k6 -- wget -qO- http://${name}.${this.#namespace}.svc.cluster.local:${port}/`,
        ),
      'Look into a sidecar (Envoy admin):',
      ...this.#roster.members.map(
        ({ instance, pod }) =>
          `  ${instance.name.padEnd(24)} kubectl -n ${this.#namespace} port-forward ${podName(pod)} ${this.#mesh.sidecar.adminPort}`,
      ),
      'Make an app misbehave:',
      `  kubectl -n ${this.#namespace} port-forward deploy/WORKLOAD ${appPorts.control}, then`,
      `  curl -X PUT http://127.0.0.1:${appPorts.control}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
      'Change the mesh configuration:',
      '  kubectl apply -f my-rules.yaml',
    ];
  }

  /** Ends what this process holds open; the cluster is the stack's business. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#watching;
    await this.#logs.end().catch(() => {});
    this.#agent.destroy();
    const forwards = await Promise.allSettled(this.#forwards.values());
    await Promise.all(
      forwards.map((each) => (each.status === 'fulfilled' ? each.value[Symbol.asyncDispose]() : undefined)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.releases?.[Symbol.asyncDispose]();
  }
}

/** An API server that does not answer once is asked again; what an operator can act on ends the wait. */
function patiently<T extends object>(attempt: () => Promise<T | string>): () => Promise<T | string> {
  return async () => {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      return messageOf(error);
    }
  };
}

/** Whether a pod was made for this run. */
function isYoung(pod: V1Pod | undefined, startedAt: number): boolean {
  const made = pod?.metadata?.creationTimestamp;
  return made !== undefined && new Date(made).getTime() >= startedAt - 2_000;
}

/** A pod of the control plane whose image cannot be had. */
async function diagnosePlain(pod: V1Pod, api: ClusterApi) {
  const waiting = (pod.status?.containerStatuses ?? []).find(({ state }) =>
    /Image/.test(state?.waiting?.reason ?? ''),
  );
  if (!waiting) return undefined;
  return environmentError(
    `${podName(pod)}/${waiting.name}: its image ${waiting.image} cannot be pulled (${waiting.state?.waiting?.reason})`,
    `load it into docker, or set BREAKWATER_KIND_ISTIO_HUB and BREAKWATER_KIND_ISTIO_TAG, or BREAKWATER_KIND_REGISTRY\n${await events(api, pod)}`,
  );
}
