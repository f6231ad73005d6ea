import { readFile, stat } from 'node:fs/promises';
import { environmentError } from '../../kit/errors.ts';
import { eventually, GaveUp, NotYet, notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { HostInstance, HostMesh, Mesh, ServiceAddresses } from '../../meshes/contract.ts';
import type { RunContext } from '../../model/evidence.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { isClient, isServer } from '../../model/topology.ts';
import type { Arrivals } from '../contract.ts';
import { refusedConfiguration } from '../refused.ts';

/** istiod and Envoy take a fifth of a second; a machine with too much to do takes longer. */
const arrivalTimeoutMs = 30_000;
const arrivalEveryMs = 10;
/** What a sidecar does not see of its hosts by then, configuration has taken away: that is for the load to show. */
const hostsTimeoutMs = 3_000;
/** Envoy writes its log every quarter of a second; a machine with too much to do takes longer over that. */
const settleTimeoutMs = 5_000;
const adminTimeoutMs = 2_000;

/** A revision of the mesh configuration, and how often each sidecar had rejected one before. */
export interface Revision {
  readonly name: string;
  readonly rejectedBefore: ReadonlyMap<string, number>;
  /** When the control plane got it, by `performance.now()`. */
  readonly since: number;
  /** What is under test in it. */
  readonly resources: readonly MeshResource[];
}

/** What the sidecars of a lab say of themselves, on their admin interfaces and in their logs. */
export class Sidecars {
  readonly #mesh: Mesh;
  readonly #namespace: string;
  readonly #hosts: readonly HostInstance[];
  /** Instance → length of its sidecar's log when the last configuration came: what it says later is about that. */
  readonly #saidBefore = new Map<string, number>();

  constructor(mesh: Mesh, namespace: string, hosts: readonly HostInstance[]) {
    this.#mesh = mesh;
    this.#namespace = namespace;
    this.#hosts = hosts;
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

  /**
   * Whether a sidecar is ready, and sees its hosts; throws when it rejected its configuration, which nobody but us
   * has written before any is under test.
   */
  async ready(host: HostInstance, hostMesh: HostMesh): Promise<Ready> {
    return patiently(async () => {
      const { rejected } = this.#mesh.sidecar;
      if (rejected.count(await this.#ask(host, rejected.paths)) === 0) return await this.#sees(host);
      const [first] = await this.#rejectionsOf(host, hostMesh);
      if (first === undefined) return awaitingReason;
      throw environmentError(
        `the sidecar of ${host.name} rejected its configuration before any was under test: ${first.reason}`,
      );
    });
  }

  /** Whether a sidecar that is started again is ready, with whatever hosts the configuration under test leaves it. */
  async readyAgain(host: HostInstance): Promise<Ready> {
    return patiently(() => this.#uses(host));
  }

  async #uses(host: HostInstance): Promise<Ready> {
    const { ready } = this.#mesh.sidecar;
    return ready.answer(await this.#ask(host, ready.paths), new Map());
  }

  async #sees(host: HostInstance): Promise<Ready> {
    const { ready } = this.#mesh.sidecar;
    return ready.answer(await this.#ask(host, ready.paths), this.#seenBy(host));
  }

  /** The hosts that a sidecar has to see before it is used: a client's, all. */
  #seenBy(host: HostInstance): ServiceAddresses {
    const seen = new Map<string, string[]>();
    for (const { service, address, port } of isClient(host) ? this.#hosts.filter(isServer) : []) {
      const name = this.#mesh.serviceHost(service, this.#namespace);
      seen.set(name, [...(seen.get(name) ?? []), `${address}:${port}`]);
    }
    return seen;
  }

  /** What sidecars have said of configuration that they did not take, since the last change of it. */
  async rejections(hostMesh: HostMesh): Promise<RunContext['rejections']> {
    return (await Promise.all(this.#hosts.map((host) => this.#rejectionsOf(host, hostMesh)))).flat();
  }

  async #rejectionsOf(host: HostInstance, hostMesh: HostMesh): Promise<RunContext['rejections']> {
    const log = await readFile(hostMesh.sidecarLog(host)).catch(() => Buffer.alloc(0));
    const said = log.subarray(this.#saidBefore.get(host.name) ?? 0).toString('utf8');
    const reasons = new Set(this.#mesh.rejectionsIn(said));
    return [...reasons].map((reason) => ({ instance: host.name, reason }));
  }

  /** Before a change of configuration: what sidecars have said so far is forgotten. How often each has rejected one. */
  async forget(hostMesh: HostMesh): Promise<ReadonlyMap<string, number>> {
    const { rejected } = this.#mesh.sidecar;
    const counts = await Promise.all(
      this.#hosts.map(async (host) => {
        const log = await stat(hostMesh.sidecarLog(host)).catch(() => undefined);
        this.#saidBefore.set(host.name, log?.size ?? 0);
        return [host.name, rejected.count(await this.#ask(host, rejected.paths))] as const;
      }),
    );
    return new Map(counts);
  }

  /**
   * Waits until every sidecar holds a revision and sees its hosts, as far as that leaves it any. Throws when one
   * rejects it, but not before the others have answered: what they say later would be taken for an answer to the
   * next revision.
   */
  async arrived(revision: Revision, hostMesh: HostMesh, signal: AbortSignal): Promise<Arrivals> {
    const waits = this.#hosts.map(
      async (host) => [host.name, await this.#arrived(host, revision, hostMesh, signal)] as const,
    );
    await Promise.allSettled(waits);
    return new Map(await Promise.all(waits));
  }

  async #arrived(host: HostInstance, revision: Revision, hostMesh: HostMesh, signal: AbortSignal) {
    const { arrival } = this.#mesh.sidecar;
    const rejectedBefore = revision.rejectedBefore.get(host.name) ?? 0;
    const options = { timeoutMs: arrivalTimeoutMs, everyMs: arrivalEveryMs, signal };
    const held = { revision: revision.name, rejectedBefore };
    const holds = async () => arrival.answer(await this.#ask(host, arrival.paths), held);
    await eventually(() => patiently(holds), {
      ...options,
      waitingFor: `the sidecar of ${host.name} to hold the configuration`,
    });
    const tookMs = performance.now() - revision.since;
    await eventually(() => patiently(() => this.#usesUnlessRejected(host, hostMesh, revision)), {
      ...options,
      waitingFor: `the sidecar of ${host.name}`,
    });
    const seeing = { ...options, timeoutMs: hostsTimeoutMs, waitingFor: `${host.name} to see its hosts` };
    await eventually(() => patiently(() => this.#sees(host)), seeing).catch((error: unknown) => {
      if (!(error instanceof GaveUp)) throw error;
    });
    return tookMs;
  }

  async #usesUnlessRejected(host: HostInstance, hostMesh: HostMesh, revision: Revision): Promise<Ready> {
    const { rejected } = this.#mesh.sidecar;
    const count = rejected.count(await this.#ask(host, rejected.paths));
    if (count <= (revision.rejectedBefore.get(host.name) ?? 0)) return this.#uses(host);
    // Envoy counts it a moment before it is in the log.
    const said = await this.#rejectionsOf(host, hostMesh);
    if (said.length === 0) return awaitingReason;
    throw refusedConfiguration(said, revision.resources, this.#mesh);
  }

  /** Waits until no sidecar has a request under way or lines to write; twice, since the two are not told at once. */
  async settle(): Promise<void> {
    const { idle, written } = this.#mesh.sidecar;
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
}

const awaitingReason = notYet('it rejected its configuration; waiting for the reason');

/** A sidecar's admin interface that does not answer. */
class AdminSilence extends Error {}

/** An Envoy that takes much configuration answers nobody meanwhile: it is asked again. */
async function patiently(attempt: () => Promise<Ready>): Promise<Ready> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AdminSilence) return notYet(`its Envoy does not answer yet (${error.message})`);
    throw error;
  }
}
