import type { OutgoingHttpHeaders } from 'node:http2';
import type { RequestOptions } from 'node:https';
import { Writable } from 'node:stream';
import type { KubernetesObject, V1Pod, V1Status } from '@kubernetes/client-node';
import { environmentError } from '../../kit/errors.ts';
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  PortForward,
} from './client.ts';
import { Connection } from './connection.ts';
import { PodAgent } from './pod-agent.ts';

const outputTimeoutMs = 30_000;

/** Who owns the fields of what Breakwater applies. */
export const FIELD_MANAGER = 'breakwater';
/** On every object of a run, and on pods that are made anew for each: its id. */
export const RUN_LABEL = 'breakwater.dev/run';
/** The id as the value of a label, which may have 63 characters; its end is what tells runs apart. */
export const runLabel = (runId: string) => runId.slice(-63).replace(/^[^A-Za-z0-9]+/, '');
/** On the pods of a workload: its name. */
export const WORKLOAD_LABEL = 'breakwater.dev/workload';

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

interface AskOptions {
  readonly body?: string;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** Path of the log of a pod's container, from what the options of the API say. */
export const podLog = (namespace: string, pod: string, options: Readonly<Record<string, string>>) =>
  `/api/v1/namespaces/${namespace}/pods/${pod}/log?${new URLSearchParams(options)}`;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The Kubernetes API of one cluster, in the few words that an environment needs. */
export class ClusterApi implements Disposable {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly #config = new KubeConfig();
  readonly #objects: KubernetesObjectApi;
  readonly #runLabel: string;
  readonly #server: string;
  /** By path: the newest list of pods, and what it was read from. */
  readonly #pods = new Map<string, { readonly items: Buffer; readonly pods: readonly V1Pod[] }>();
  #connection: Promise<Connection> | undefined;

  constructor(kubeconfig: string, runId: string) {
    this.#config.loadFromFile(kubeconfig);
    this.#runLabel = runLabel(runId);
    this.core = this.#config.makeApiClient(CoreV1Api);
    this.apps = this.#config.makeApiClient(AppsV1Api);
    this.#objects = KubernetesObjectApi.makeApiClient(this.#config);
    this.#server = this.#config.getCurrentCluster()?.server ?? '';
  }

  /** Server-side apply: what is already so stays untouched. Resolves with the object as the cluster has it. */
  async apply(object: object): Promise<KubernetesObject> {
    const { metadata, ...rest } = object as KubernetesObject;
    const labelled: KubernetesObject = {
      ...rest,
      metadata: {
        ...metadata,
        labels: { ...metadata?.labels, [RUN_LABEL]: this.#runLabel },
      },
    };
    try {
      return await this.#objects.patch(
        labelled,
        undefined,
        undefined,
        FIELD_MANAGER,
        true,
        PatchStrategy.ServerSideApply,
      );
    } catch (error) {
      const what = `${labelled.kind}/${labelled.metadata?.name}`;
      throw environmentError(`the cluster refuses ${what}: ${messageOf(error)}`, undefined, error);
    }
  }

  /** Deletes what earlier runs have applied of these kinds and this one has not. `hint` is for when that fails. */
  async prune(kinds: readonly Kind[], hint: string): Promise<void> {
    const old = await this.#list(kinds, `${RUN_LABEL},${RUN_LABEL}!=${this.#runLabel}`);
    await Promise.all(
      old.map((item) =>
        this.delete(item).catch((error: unknown) => {
          throw environmentError(
            `what an earlier run has left cannot be removed: ${messageOf(error)}`,
            hint,
            error,
          );
        }),
      ),
    );
  }

  /** Whether a run that was not this one has applied it. */
  isOfEarlierRun({ metadata }: Pick<KubernetesObject, 'metadata'>): boolean {
    const run = metadata?.labels?.[RUN_LABEL];
    return run !== undefined && run !== this.#runLabel;
  }

  /** Deletes an object unless it is gone already. */
  async delete(object: KubernetesObject): Promise<void> {
    await this.#objects.delete(object).catch((error: unknown) => {
      if ((error as { code?: number }).code === 404) return;
      throw environmentError(`${nameOf(object)} cannot be deleted: ${messageOf(error)}`, undefined, error);
    });
  }

  /** Names of objects of these kinds that no run has applied: "DestinationRule/default/mine". */
  async foreign(kinds: readonly Kind[]): Promise<string[]> {
    return (await this.#list(kinds, `!${RUN_LABEL}`)).map(nameOf);
  }

  async #list(kinds: readonly Kind[], selector: string): Promise<KubernetesObject[]> {
    const lists = await Promise.all(
      kinds.map(async ({ apiVersion, kind }) => {
        const { items } = await this.#objects
          .list(apiVersion, kind, undefined, undefined, undefined, undefined, undefined, selector)
          .catch((error: unknown) => {
            throw environmentError(`the cluster does not list its ${kind}: ${messageOf(error)}`);
          });
        return items.map((item) => ({ ...item, apiVersion, kind }));
      }),
    );
    return lists.flat();
  }

  /** Says for the kubelet of a node that it is alive: what else it says every ten seconds. */
  async renewLease(node: string): Promise<void> {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}`;
    const { status, body } = await this.request('PATCH', path, {
      body: JSON.stringify({ spec: { renewTime } }),
      contentType: 'application/merge-patch+json',
    });
    if (status !== 200) throw new Error(`the lease of ${node}: ${status} ${body.slice(0, 200)}`);
  }

  /** Kinds of the API groups whose name ends so, namespaced and listable, each in one version that has it. */
  async kindsOf(suffix: string): Promise<Kind[]> {
    const groups = JSON.parse((await this.request('GET', '/apis')).body).groups as {
      name: string;
      versions: { groupVersion: string }[];
    }[];
    const versions = groups
      .filter(({ name }) => name.endsWith(suffix))
      .flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion));
    const found = await Promise.all(
      versions.map(async (apiVersion) => {
        const { resources } = JSON.parse((await this.request('GET', `/apis/${apiVersion}`)).body) as {
          resources: { name: string; kind: string; verbs: string[] }[];
        };
        return resources
          .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))
          .map(({ kind }) => ({ apiVersion, kind }));
      }),
    );
    // Not every version of a group has every kind; the preferred one comes first.
    const byKind = new Map(
      found
        .flat()
        .toReversed()
        .map((each) => [`${each.apiVersion.split('/')[0]} ${each.kind}`, each] as const),
    );
    return [...byKind.values()];
  }

  /**
   * As JSON: times are texts. This is asked every second, and the client's own objects cost ten times as much.
   * A list that is byte for byte the last one is not read again.
   */
  async pods(namespace: string, labelSelector: string): Promise<readonly V1Pod[]> {
    const path = `/api/v1/namespaces/${namespace}/pods?${new URLSearchParams({ labelSelector })}`;
    const { status, bytes } = await this.#ask('GET', path);
    if (status !== 200) throw new Error(`listing pods: ${status} ${bytes.toString('utf8', 0, 200)}`);
    // Before it stands the version of all that the cluster has, which changes every second.
    const items = bytes.subarray(Math.max(0, bytes.indexOf('"items":')));
    const last = this.#pods.get(path);
    if (last?.items.equals(items)) return last.pods;
    const pods = JSON.parse(bytes.toString('utf8')).items;
    this.#pods.set(path, { items, pods });
    return pods;
  }

  /** One request to the API server with the credentials of the kubeconfig. */
  async request(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const { status, bytes } = await this.#ask(method, path, options);
    return { status, body: bytes.toString('utf8') };
  }

  async #ask(method: string, path: string, options: AskOptions = {}) {
    const { timeoutMs = 10_000, body, contentType = 'application/json' } = options;
    const connection = await this.#connected();
    return connection.request(
      body === undefined
        ? { method, path }
        : { method, path, body, headers: { 'content-type': contentType } },
      timeoutMs,
    );
  }

  /**
   * Streams an answer until it ends; resolves with its status when it has, and rejects when it breaks.
   * `onChunk` gets bytes of an answer with status 200 alone.
   */
  async stream(path: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<number> {
    const connection = await this.#connected();
    return connection.stream({ method: 'GET', path }, onChunk, signal);
  }

  /** With the credentials of the kubeconfig. */
  #connected(): Promise<Connection> {
    this.#connection ??= (async () => {
      const options: RequestOptions = {};
      await this.#config.applyToHTTPSOptions(options);
      const { ca, cert, key, servername, rejectUnauthorized = true, headers } = options;
      const tls = { ca, cert, key, rejectUnauthorized, ...(servername === undefined ? {} : { servername }) };
      return new Connection(this.#server, tls, headers as OutgoingHttpHeaders);
    })();
    return this.#connection;
  }

  /**
   * Runs a command in a container. `ended` resolves with its exit code, or undefined when the connection broke;
   * `terminate` breaks it.
   */
  async exec(
    namespace: string,
    pod: string,
    container: string,
    command: readonly string[],
    onOutput: (chunk: Buffer) => void,
  ): Promise<{ readonly ended: Promise<number | undefined>; terminate(): void }> {
    const sink = () =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          onOutput(chunk);
          done();
        },
      });
    let end: (code: number | undefined) => void = () => {};
    const ended = new Promise<number | undefined>((resolve) => {
      end = resolve;
    });
    const socket = await new Exec(this.#config)
      .exec(namespace, pod, container, [...command], sink(), sink(), null, false, (status) =>
        end(exitCode(status)),
      )
      .catch((error: unknown) => {
        throw environmentError(`cannot run ${command[0]} in ${pod}/${container}: ${messageOf(error)}`);
      });
    socket.onclose = () => end(undefined);
    socket.onerror = () => end(undefined);
    return { ended, terminate: () => socket.terminate() };
  }

  /** A command to its end: exit code and all that it printed. One that takes longer is an error. */
  async output(
    namespace: string,
    pod: string,
    container: string,
    command: readonly string[],
    timeoutMs = outputTimeoutMs,
  ) {
    const chunks: Buffer[] = [];
    const running = this.exec(namespace, pod, container, command, (chunk) => chunks.push(chunk));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const what = `${command.join(' ').slice(0, 60)} in ${pod}/${container}`;
      late.reject(environmentError(`no end of ${what} within ${timeoutMs / 1_000} s`));
      // Even a connection that is made only now.
      running.then(({ terminate }) => terminate()).catch(() => {});
    }, timeoutMs);
    try {
      const code = await Promise.race([running.then(({ ended }) => ended), late.promise]);
      return { code, output: Buffer.concat(chunks).toString('utf8') };
    } finally {
      clearTimeout(timer);
    }
  }

  /** A way to a port inside a pod. */
  forward(namespace: string, pod: string, port: number): PodAgent {
    return new PodAgent(new PortForward(this.#config), { namespace, pod, port });
  }

  [Symbol.dispose](): void {
    this.#connection?.then((connection) => connection[Symbol.dispose]()).catch(() => {});
  }
}

const nameOf = ({ kind, metadata }: KubernetesObject) =>
  [kind, metadata?.namespace, metadata?.name].filter(Boolean).join('/');

function exitCode(status: V1Status): number | undefined {
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? undefined : Number(code);
}

/** What the API server says in its answer, or the error itself. */
export function messageOf(error: unknown): string {
  const body = (error as { body?: unknown }).body;
  const text = typeof body === 'string' ? body : '';
  try {
    const message = (typeof body === 'object' ? body : JSON.parse(text)) as { message?: string } | null;
    if (message?.message) return message.message;
  } catch {
    // no JSON
  }
  return error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
}
