import type { KubernetesObject } from '@kubernetes/client-node';
import { notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { InstalledMesh, MarkedRevision } from '../../meshes/contract.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import type { Kind } from './api.ts';
import { type LabContext, visiblyUntil } from './context.ts';
import type { PodAgent } from './pod-agent.ts';
import { isReady, podName } from './pods.ts';

const knownTimeoutMs = 30_000;
const knownEveryMs = 50;
const answerTimeoutMs = 5_000;

/** A resource of the configuration under test as it was last applied. */
interface Applied {
  /** What was written; undefined while it is not certain that the cluster has it. */
  readonly written: string | undefined;
  readonly object: KubernetesObject;
}

/** The mesh configuration under test in a cluster: all of it, and nothing of an earlier one that this lab has given it. */
export interface UnderTest extends Disposable {
  /** Puts this configuration in the place of the one before. */
  replace(configuration: MeshConfiguration): Promise<void>;
  /** Waits until the control plane knows just this configuration, and marks it with a revision. */
  mark(revision: MarkedRevision, request: Pick<LabContext['request'], 'ongoing' | 'signal'>): Promise<void>;
}

/** The same for a control plane that finds it among the cluster's resources. */
export class AppliedResources implements UnderTest {
  readonly #context: LabContext;
  readonly #known: InstalledMesh['known'];
  /** By `keyOf`. */
  readonly #applied = new Map<string, Applied>();
  /** By `keyOf`: the version of what this lab has deleted. */
  readonly #deleted = new Map<string, string>();
  /** By pod of the control plane: the way to what it knows. */
  readonly #agents = new Map<string, PodAgent>();

  constructor(context: LabContext, { known }: Pick<InstalledMesh, 'known'>) {
    this.#context = context;
    this.#known = known;
  }

  /** Applies what is new or other than before, and then deletes what is gone. */
  async replace({ resources }: MeshConfiguration): Promise<void> {
    const { api } = this.#context;
    const wanted = new Set<string>();
    for (const { value, namespace } of resources) {
      const object = inNamespace(value, namespace);
      const key = keyOf(object);
      wanted.add(key);
      const written = JSON.stringify(object);
      if (this.#applied.get(key)?.written === written) continue;
      // Should this fail, the next configuration takes nothing for granted.
      this.#applied.set(key, { written: undefined, object });
      this.#applied.set(key, { written, object: await api.apply(object) });
    }
    for (const [key, { object }] of this.#applied) {
      if (wanted.has(key)) continue;
      await api.delete(object);
      this.#applied.delete(key);
      this.#deleted.set(key, versionOf(object));
    }
  }

  /** A control plane watches each kind of resource by itself: what is applied last need not be what it sees last. */
  async mark(
    revision: MarkedRevision,
    { ongoing, signal }: Pick<LabContext['request'], 'ongoing' | 'signal'>,
  ) {
    const { api, mesh, namespace } = this.#context;
    await visiblyUntil(
      { ongoing, signal },
      {
        waitingFor: `${mesh.cluster.controlPlane.deployment} to know the configuration`,
        timeoutMs: knownTimeoutMs,
        everyMs: knownEveryMs,
      },
      () => this.#isKnown(),
    );
    // In the lab's namespace: in the mesh's own it would hold for every sidecar of the cluster.
    await api.apply(inNamespace(mesh.sidecar.marker(revision), namespace));
  }

  /** Whether every pod of the control plane knows what was applied. */
  async #isKnown(): Promise<Ready> {
    const { api, mesh } = this.#context;
    const { namespace, labelSelector, deployment } = mesh.cluster.controlPlane;
    const pods = (await api.pods(namespace, labelSelector)).filter(isReady);
    if (pods.length === 0) return notYet(`${deployment} is not there`);
    const answers = await Promise.all(pods.map((pod) => this.#knownTo(podName(pod))));
    return answers.find((answer) => answer !== undefined);
  }

  /** Whether one pod of it does. */
  async #knownTo(pod: string): Promise<Ready> {
    const { api, mesh } = this.#context;
    const { port, path, resources: read } = this.#known;
    const agent = this.#agents.get(pod) ?? api.forward(mesh.cluster.controlPlane.namespace, pod, port);
    this.#agents.set(pod, agent);
    const { body } = await http(`http://localhost${path}`, { timeoutMs: answerTimeoutMs, agent });
    const resources = read(body);
    const versions = new Map(resources.map((each) => [keyOf(each), versionOf(each)]));
    for (const [key, { object }] of this.#applied) {
      if (versions.get(key) !== versionOf(object)) return notYet(`it does not know ${key} as it is now`);
    }
    for (const [key, version] of this.#deleted) {
      if (versions.get(key) === version) return notYet(`it does not know that ${key} is gone`);
    }
    const earlier = resources.find((each) => api.isOfEarlierRun(each));
    return earlier && notYet(`it does not know that ${keyOf(earlier)} of an earlier run is gone`);
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

type Resource = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>;

function inNamespace(resource: object, namespace: string): Kind & KubernetesObject {
  const { metadata, ...rest } = resource as Kind & KubernetesObject;
  return { ...rest, metadata: { ...metadata, namespace } };
}

/** "networking.istio.io/DestinationRule/default/edge-app": the same for every version of an API. */
const keyOf = ({ apiVersion, kind, metadata }: Resource) =>
  [apiVersion?.split('/')[0], kind, metadata?.namespace, metadata?.name].join('/');

/** One that was deleted and made anew counts its generations from 1 again. */
const versionOf = ({ metadata }: Resource) => `${metadata?.uid}/${metadata?.generation}`;
