import { environmentError } from '../../kit/errors.ts';
import { http } from '../../kit/http.ts';
import type {
  ControlPlaneWay,
  MarkedRevision,
  ToldControlPlane,
  ToldMesh,
  ToldReplica,
} from '../../meshes/contract.ts';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import { type LabContext, type LabParts, visiblyUntil } from './context.ts';
import { usable } from './made-anew.ts';
import { appPorts } from './manifests.ts';
import type { PodAgent } from './pod-agent.ts';
import { writeFile } from './pod-files.ts';
import { isReady, type Member, podName } from './pods.ts';
import type { UnderTest } from './under-test.ts';

const answerTimeoutMs = 10_000;
const knownTimeoutMs = 30_000;
const knownEveryMs = 100;

/** A control plane that looks for nothing in the cluster: it hears of the pods, and of what is under test, from here. */
export class Told implements UnderTest {
  readonly #parts: LabParts;
  readonly #at: ToldMesh['at'];
  readonly #controlPlane: ToldControlPlane;
  #agent: { readonly pod: string; readonly way: PodAgent } | undefined;
  #wanted: MeshConfiguration = { files: [], resources: [] };
  /** The replicas that it has been told of. */
  #there: string | undefined;
  /** What it is being told. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: LabParts, mesh: ToldMesh) {
    this.#parts = parts;
    this.#at = mesh.at;
    this.#controlPlane = mesh.tell(this.#way, parts.request.topology);
  }

  get #way(): ControlPlaneWay {
    const { api, mesh } = this.#parts;
    return {
      ask: async (method, path, body) => {
        const { way } = await this.#reached();
        const content = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
        return http(`http://localhost${path}`, {
          method,
          ...content,
          timeoutMs: answerTimeoutMs,
          agent: way,
        });
      },
      write: async (path, content) => {
        const { pod } = await this.#reached();
        const { namespace } = mesh.cluster.controlPlane;
        await writeFile(api, { namespace, pod, container: this.#at.container }, path, content);
      },
    };
  }

  /** Its pod, and the way to it. */
  async #reached() {
    if (this.#agent !== undefined) return this.#agent;
    const { api, mesh, request } = this.#parts;
    const { namespace, labelSelector, deployment } = mesh.cluster.controlPlane;
    const pods = await api.pods(namespace, usable(labelSelector, mesh, request.runId));
    const pod = podName(pods.find(isReady));
    if (pod === '') throw new Error(`${deployment} is not there`);
    this.#agent = { pod, way: api.forward(namespace, pod, this.#at.port) };
    return this.#agent;
  }

  /**
   * Tells it of the replicas as they are now, unless it knows that already; not before each had an address once, since
   * what it hears one after the other it is slow to hand on.
   */
  async there(members: readonly Member[]): Promise<void> {
    const replicas = members.flatMap(({ instance, pod }): ToldReplica[] => {
      const address = pod?.status?.podIP;
      return address === undefined
        ? []
        : [{ ...instance, pod: podName(pod), address, appPort: appPorts.service }];
    });
    if (this.#there === undefined && replicas.length < members.length) return;
    const said = JSON.stringify(replicas.map(({ pod, address }) => [pod, address]));
    const turn = this.#turn.then(() => this.#tell(said, replicas));
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async #tell(said: string, replicas: readonly ToldReplica[]): Promise<void> {
    if (said === this.#there) return;
    if (this.#there === undefined) {
      // Sidecars are told nothing twice: what they speak is known before they are.
      const { mesh, request } = this.#parts;
      const first = mesh.cluster.revision(request.runId, 1);
      await this.#controlPlane.configure(this.#wanted, { name: first, hostsSince: first });
    }
    await this.#controlPlane.there(replicas);
    this.#there = said;
  }

  async replace(configuration: MeshConfiguration): Promise<void> {
    this.#wanted = configuration;
  }

  async mark(
    revision: MarkedRevision,
    { ongoing, signal }: Pick<LabContext['request'], 'ongoing' | 'signal'>,
  ): Promise<void> {
    const { deployment } = this.#parts.mesh.cluster.controlPlane;
    await visiblyUntil(
      { ongoing, signal },
      { waitingFor: `${deployment} to know all pods`, timeoutMs: knownTimeoutMs, everyMs: knownEveryMs },
      () => this.#controlPlane.knows(),
    );
    await this.#controlPlane.configure(this.#wanted, revision);
  }

  /** Program → version. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    return this.#controlPlane.versions().catch((error: unknown) => {
      const { deployment } = this.#parts.mesh.cluster.controlPlane;
      throw environmentError(`${deployment} does not tell its version`, undefined, error);
    });
  }

  [Symbol.dispose](): void {
    this.#agent?.way.destroy();
  }
}
