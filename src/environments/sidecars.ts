import { readFile, stat } from 'node:fs/promises';
import { environmentError } from '../kit/errors.ts';
import { type EventuallyOptions, eventually, GaveUp, NotYet, notYet, type Ready } from '../kit/eventually.ts';
import type { Handed, HostInstance, Mesh, ServiceAddresses } from '../meshes/contract.ts';
import type { Credentials } from '../model/credentials.ts';
import type { RunContext } from '../model/evidence.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import { gatewaysBetween, isCaller, isServer, portsOf, type TopologyPlan } from '../model/topology.ts';
import type { Arrivals } from './contract.ts';
import { refusedConfiguration } from './refused.ts';
import { askSidecar, patiently } from './sidecar-admin.ts';

/** istiod and Envoy take a fifth of a second; a machine with too much to do takes longer. */
const arrivalTimeoutMs = 30_000;
const arrivalEveryMs = 10;
/** Under load what is asked more often would take from it what it needs. */
const changeEveryMs = 25;
/** What a sidecar does not see of its hosts by then, configuration has taken away: that is for the load to show. */
const hostsTimeoutMs = 3_000;
/** Envoy writes its log every quarter of a second; a machine with too much to do takes longer over that. */
const settleTimeoutMs = 5_000;
const answerTimeoutMs = 10_000;

/** What a lab knows of its sidecars beside what they say. */
interface Known {
  /** Whether an instance's sidecar runs: a fault may have ended it. */
  runs(host: HostInstance): boolean;
  /** Whether a fault has ended the control plane and nobody has started it again yet. */
  controlPlaneGone(): boolean;
  /** File that gets what a sidecar prints. */
  sidecarLog(host: HostInstance): string;
}

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
  readonly #topology: Pick<TopologyPlan, 'namespace' | 'gateways'>;
  readonly #hosts: readonly HostInstance[];
  readonly #runs: (host: HostInstance) => boolean;
  readonly #controlPlaneGone: () => boolean;
  readonly #sidecarLog: (host: HostInstance) => string;
  /** Instance → length of its sidecar's log when the last configuration came: what it says later is about that. */
  readonly #saidBefore = new Map<string, number>();

  constructor(
    mesh: Mesh,
    topology: Pick<TopologyPlan, 'namespace' | 'gateways'>,
    hosts: readonly HostInstance[],
    { runs, controlPlaneGone, sidecarLog }: Known,
  ) {
    this.#mesh = mesh;
    this.#topology = topology;
    this.#hosts = hosts;
    this.#runs = runs;
    this.#controlPlaneGone = controlPlaneGone;
    this.#sidecarLog = sidecarLog;
  }

  /**
   * Whether a sidecar is ready, and sees its hosts; throws when it rejected its configuration, which nobody but us
   * has written before any is under test.
   */
  async ready(host: HostInstance): Promise<Ready> {
    return patiently(async () => {
      const { rejected } = this.#mesh.sidecar;
      if (rejected.count(await askSidecar(host, rejected.paths)) === 0) {
        return await this.#sees(host, this.#mesh.otherNetworks === 'configured');
      }
      const [first] = await this.#rejectionsOf(host);
      if (first === undefined) return awaitingReason;
      throw environmentError(
        `the sidecar of ${host.name} rejected its configuration before any was under test: ${first.reason}`,
      );
    });
  }

  /**
   * Whether a sidecar that is started again is ready, with whatever hosts the configuration under test leaves it; while
   * the control plane is gone it cannot be more than there, and waits for that like all others.
   */
  async readyAgain(host: HostInstance): Promise<Ready> {
    return patiently(async () => {
      const ready = await this.#uses(host);
      return this.#controlPlaneGone() ? undefined : ready;
    });
  }

  async #uses(host: HostInstance): Promise<Ready> {
    const { ready } = this.#mesh.sidecar;
    return ready.answer(await askSidecar(host, ready.paths), new Map());
  }

  async #sees(host: HostInstance, atHome = false): Promise<Ready> {
    const { ready } = this.#mesh.sidecar;
    return ready.answer(await askSidecar(host, ready.paths), this.#seenBy(host, atHome));
  }

  /**
   * The hosts that a sidecar has to see before it is used: one that calls, all, or all of its own network, by the
   * addresses that are for it.
   */
  #seenBy(host: HostInstance, atHome: boolean): ServiceAddresses {
    const { namespace, gateways = [] } = this.#topology;
    if (host.outside) {
      return new Map(
        gateways.flatMap(({ name, hosts, port }) => {
          const replicas = this.#hosts.filter(({ service }) => service === name);
          return hosts.map((each) => [each, replicas.map(({ address }) => `${address}:${port}`)] as const);
        }),
      );
    }
    const seen = new Map<string, string[]>();
    const servers = this.#hosts.filter(
      (each) => isServer(each) && !(atHome && each.network !== host.network),
    );
    for (const server of isCaller(host) ? servers : []) {
      const name = this.#mesh.serviceHost(server.service, namespace);
      const relay = server.relays.find(({ from }) => from === host.locality);
      // One in another network is seen as the gateways that lead there.
      const between = gatewaysBetween(host, server, this.#hosts);
      const there = between.length === 0 ? [server] : between;
      const addresses = relay
        ? portsOf(server).map((port) => `${relay.address}:${relay.ports.get(port) ?? port}`)
        : there.flatMap((each) => portsOf(each).map((port) => `${each.address}:${port}`));
      seen.set(name, [...new Set([...(seen.get(name) ?? []), ...addresses])]);
    }
    return seen;
  }

  /** What sidecars have said of configuration that they did not take, since the last change of it. */
  async rejections(): Promise<RunContext['rejections']> {
    return (await Promise.all(this.#hosts.map((host) => this.#rejectionsOf(host)))).flat();
  }

  async #rejectionsOf(host: HostInstance): Promise<RunContext['rejections']> {
    const log = await readFile(this.#sidecarLog(host)).catch(() => Buffer.alloc(0));
    const said = log.subarray(this.#saidBefore.get(host.name) ?? 0).toString('utf8');
    const reasons = new Set(this.#mesh.rejectionsIn(said));
    return [...reasons].map((reason) => ({ instance: host.name, reason }));
  }

  /** Before configuration takes the place of another: what sidecars have said so far is forgotten. */
  async forget(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        const log = await stat(this.#sidecarLog(host)).catch(() => undefined);
        this.#saidBefore.set(host.name, log?.size ?? 0);
      }),
    );
  }

  /** Instance → how often its sidecar has rejected configuration since it started; of those that run. */
  async rejectedCounts(): Promise<ReadonlyMap<string, number>> {
    const { rejected } = this.#mesh.sidecar;
    const countOf = async (host: HostInstance) => rejected.count(await askSidecar(host, rejected.paths));
    const counts = await Promise.all(
      this.#hosts.map(async (host) => {
        // One that has only just started answers a moment later.
        const count = await eventually(
          async () => (this.#runs(host) ? patiently(() => countOf(host)) : undefined),
          { waitingFor: `the sidecar of ${host.name} to answer`, timeoutMs: answerTimeoutMs },
        );
        return count === undefined ? [] : [[host.name, count] as const];
      }),
    );
    return new Map(counts.flat());
  }

  /**
   * Waits until every sidecar holds a revision and sees its hosts, as far as that leaves it any. Throws when one
   * rejects it, but not before the others have answered: what they say later would be taken for an answer to the
   * next revision.
   */
  async arrived(revision: Revision, signal: AbortSignal): Promise<Arrivals> {
    const waits = this.#hosts.map(
      async (host) => [host.name, await this.#arrived(host, revision, signal)] as const,
    );
    await Promise.allSettled(waits);
    return new Map(await Promise.all(waits));
  }

  /**
   * The same under load, of the sidecars that run and go on to: hosts are not waited for, since what a client makes
   * of them is what the load is for. While the control plane is gone nothing arrives, and that is waited for, however
   * long it takes.
   */
  async changed(revision: Revision, signal: AbortSignal): Promise<Arrivals> {
    const options = {
      timeoutMs: arrivalTimeoutMs,
      everyMs: changeEveryMs,
      paused: this.#controlPlaneGone,
      signal,
    };
    const waits = this.#hosts.filter(this.#runs).map(async (host) => {
      const tookMs = await this.#holds(host, revision, options, this.#runs);
      return this.#runs(host) ? [[host.name, tookMs] as const] : [];
    });
    await Promise.allSettled(waits);
    return new Map((await Promise.all(waits)).flat());
  }

  async #arrived(host: HostInstance, revision: Revision, signal: AbortSignal) {
    const options = { timeoutMs: arrivalTimeoutMs, everyMs: arrivalEveryMs, signal };
    const tookMs = await this.#holds(host, revision, options);
    const seeing = { ...options, timeoutMs: hostsTimeoutMs, waitingFor: `${host.name} to see its hosts` };
    await eventually(() => patiently(() => this.#sees(host)), seeing).catch((error: unknown) => {
      if (!(error instanceof GaveUp)) throw error;
    });
    return tookMs;
  }

  /** Waits until a sidecar holds a revision and uses it, or does not run any more; milliseconds until it held it. */
  async #holds(
    host: HostInstance,
    revision: Revision,
    options: Omit<EventuallyOptions, 'waitingFor'>,
    runs: (host: HostInstance) => boolean = () => true,
  ): Promise<number> {
    const { arrival } = this.#mesh.sidecar;
    const rejectedBefore = revision.rejectedBefore.get(host.name) ?? 0;
    const held = { revision: revision.name, rejectedBefore };
    const asking = (attempt: () => Promise<Ready>) => async () =>
      runs(host) ? patiently(attempt) : undefined;
    await eventually(
      asking(async () => arrival.answer(await askSidecar(host, arrival.paths), held)),
      { ...options, waitingFor: `the sidecar of ${host.name} to hold the configuration` },
    );
    const tookMs = performance.now() - revision.since;
    await eventually(
      asking(() => this.#usesUnlessRejected(host, revision)),
      { ...options, waitingFor: `the sidecar of ${host.name}` },
    );
    return tookMs;
  }

  async #usesUnlessRejected(host: HostInstance, revision: Revision): Promise<Ready> {
    const { rejected } = this.#mesh.sidecar;
    const count = rejected.count(await askSidecar(host, rejected.paths));
    if (count <= (revision.rejectedBefore.get(host.name) ?? 0)) return this.#uses(host);
    // Envoy counts it a moment before it is in the log.
    const said = await this.#rejectionsOf(host);
    if (said.length === 0) return awaitingReason;
    throw refusedConfiguration(said, revision.resources, this.#mesh);
  }

  /** What a sidecar shows of itself, and whom it trusts. */
  async credentials(host: HostInstance): Promise<Credentials> {
    const { credentials } = this.#mesh.sidecar;
    return credentials.read(await askSidecar(host, credentials.paths));
  }

  /** Waits until a sidecar that runs holds what it has been handed; one that has no use for TLS never asks for it. */
  async took(host: HostInstance, { serial, roots }: Handed, signal: AbortSignal): Promise<void> {
    const handed = [...roots].sort().join();
    await eventually(
      () =>
        patiently(async () => {
          if (!this.#runs(host)) return undefined;
          const held = await this.credentials(host);
          if (held.certificate === undefined && held.roots.length === 0) return undefined;
          if (held.certificate?.serial !== serial) return notYet('its Envoy shows another one');
          return [...held.roots].sort().join() === handed ? undefined : notYet('its Envoy trusts others');
        }),
      {
        waitingFor: `the sidecar of ${host.name} to take its certificate`,
        timeoutMs: arrivalTimeoutMs,
        everyMs: changeEveryMs,
        signal,
      },
    );
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
              idle.answer(await askSidecar(host, idle.paths)),
              written.answer(await askSidecar(host, written.paths)),
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
