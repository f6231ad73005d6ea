import { readFile, stat } from 'node:fs/promises';
import { environmentError } from '../kit/errors.ts';
import { type EventuallyOptions, eventually, GaveUp, NotYet, notYet, type Ready } from '../kit/eventually.ts';
import { http } from '../kit/http.ts';
import type {
  Handed,
  HostInstance,
  HostMesh,
  Mesh,
  MeshSidecar,
  ServiceAddresses,
} from '../meshes/contract.ts';
import type { Credentials } from '../model/credentials.ts';
import type { RunContext } from '../model/evidence.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import { gatewaysBetween, isCaller, isServer, portsOf, type TopologyPlan } from '../model/topology.ts';
import type { SpanCounts } from '../model/tracing.ts';
import type { Arrivals } from './contract.ts';
import { refusedConfiguration } from './refused.ts';

/** istiod and Envoy take a fifth of a second; a machine with too much to do takes longer. */
const arrivalTimeoutMs = 30_000;
const arrivalEveryMs = 10;
/** Under load what is asked more often would take from it what it needs. */
const changeEveryMs = 25;
/** What a sidecar does not see of its hosts by then, configuration has taken away: that is for the load to show. */
const hostsTimeoutMs = 3_000;
/** Envoy writes its log every quarter of a second; a machine with too much to do takes longer over that. */
const settleTimeoutMs = 5_000;
/** Each of a sidecar's threads makes rounds of its own, the one that takes no requests too. */
const reportingRounds = 6;
const adminTimeoutMs = 2_000;
const answerTimeoutMs = 10_000;

/** Where sidecars' own words are. */
type SidecarLogs = Pick<HostMesh, 'sidecarLog'>;

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
  /** Instance → length of its sidecar's log when the last configuration came: what it says later is about that. */
  readonly #saidBefore = new Map<string, number>();

  /** What faults have ended: whether an instance's sidecar runs, and whether the control plane is gone. */
  constructor(
    mesh: Mesh,
    topology: Pick<TopologyPlan, 'namespace' | 'gateways'>,
    hosts: readonly HostInstance[],
    { runs, controlPlaneGone }: { runs(host: HostInstance): boolean; controlPlaneGone(): boolean },
  ) {
    this.#mesh = mesh;
    this.#topology = topology;
    this.#hosts = hosts;
    this.#runs = runs;
    this.#controlPlaneGone = controlPlaneGone;
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
  async ready(host: HostInstance, hostMesh: SidecarLogs): Promise<Ready> {
    return patiently(async () => {
      const { rejected } = this.#mesh.sidecar;
      if (rejected.count(await this.#ask(host, rejected.paths)) === 0) {
        return await this.#sees(host, this.#mesh.otherNetworks === 'configured');
      }
      const [first] = await this.#rejectionsOf(host, hostMesh);
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
    return ready.answer(await this.#ask(host, ready.paths), new Map());
  }

  async #sees(host: HostInstance, atHome = false): Promise<Ready> {
    const { ready } = this.#mesh.sidecar;
    return ready.answer(await this.#ask(host, ready.paths), this.#seenBy(host, atHome));
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
  async rejections(hostMesh: SidecarLogs): Promise<RunContext['rejections']> {
    return (await Promise.all(this.#hosts.map((host) => this.#rejectionsOf(host, hostMesh)))).flat();
  }

  async #rejectionsOf(host: HostInstance, hostMesh: SidecarLogs): Promise<RunContext['rejections']> {
    const log = await readFile(hostMesh.sidecarLog(host)).catch(() => Buffer.alloc(0));
    const said = log.subarray(this.#saidBefore.get(host.name) ?? 0).toString('utf8');
    const reasons = new Set(this.#mesh.rejectionsIn(said));
    return [...reasons].map((reason) => ({ instance: host.name, reason }));
  }

  /** Before configuration takes the place of another: what sidecars have said so far is forgotten. */
  async forget(hostMesh: SidecarLogs): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        const log = await stat(hostMesh.sidecarLog(host)).catch(() => undefined);
        this.#saidBefore.set(host.name, log?.size ?? 0);
      }),
    );
  }

  /** Instance → how often its sidecar has rejected configuration since it started; of those that run. */
  async rejectedCounts(): Promise<ReadonlyMap<string, number>> {
    const { rejected } = this.#mesh.sidecar;
    const countOf = async (host: HostInstance) => rejected.count(await this.#ask(host, rejected.paths));
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
  async arrived(revision: Revision, hostMesh: SidecarLogs, signal: AbortSignal): Promise<Arrivals> {
    const waits = this.#hosts.map(
      async (host) => [host.name, await this.#arrived(host, revision, hostMesh, signal)] as const,
    );
    await Promise.allSettled(waits);
    return new Map(await Promise.all(waits));
  }

  /**
   * The same under load, of the sidecars that run and go on to: hosts are not waited for, since what a client makes
   * of them is what the load is for. While the control plane is gone nothing arrives, and that is waited for, however
   * long it takes.
   */
  async changed(revision: Revision, hostMesh: SidecarLogs, signal: AbortSignal): Promise<Arrivals> {
    const options = {
      timeoutMs: arrivalTimeoutMs,
      everyMs: changeEveryMs,
      paused: this.#controlPlaneGone,
      signal,
    };
    const waits = this.#hosts.filter(this.#runs).map(async (host) => {
      const tookMs = await this.#holds(host, revision, hostMesh, options, this.#runs);
      return this.#runs(host) ? [[host.name, tookMs] as const] : [];
    });
    await Promise.allSettled(waits);
    return new Map((await Promise.all(waits)).flat());
  }

  async #arrived(host: HostInstance, revision: Revision, hostMesh: SidecarLogs, signal: AbortSignal) {
    const options = { timeoutMs: arrivalTimeoutMs, everyMs: arrivalEveryMs, signal };
    const tookMs = await this.#holds(host, revision, hostMesh, options);
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
    hostMesh: SidecarLogs,
    options: Omit<EventuallyOptions, 'waitingFor'>,
    runs: (host: HostInstance) => boolean = () => true,
  ): Promise<number> {
    const { arrival } = this.#mesh.sidecar;
    const rejectedBefore = revision.rejectedBefore.get(host.name) ?? 0;
    const held = { revision: revision.name, rejectedBefore };
    const asking = (attempt: () => Promise<Ready>) => async () =>
      runs(host) ? patiently(attempt) : undefined;
    await eventually(
      asking(async () => arrival.answer(await this.#ask(host, arrival.paths), held)),
      { ...options, waitingFor: `the sidecar of ${host.name} to hold the configuration` },
    );
    const tookMs = performance.now() - revision.since;
    await eventually(
      asking(() => this.#usesUnlessRejected(host, hostMesh, revision)),
      { ...options, waitingFor: `the sidecar of ${host.name}` },
    );
    return tookMs;
  }

  async #usesUnlessRejected(host: HostInstance, hostMesh: SidecarLogs, revision: Revision): Promise<Ready> {
    const { rejected } = this.#mesh.sidecar;
    const count = rejected.count(await this.#ask(host, rejected.paths));
    if (count <= (revision.rejectedBefore.get(host.name) ?? 0)) return this.#uses(host);
    // Envoy counts it a moment before it is in the log.
    const said = await this.#rejectionsOf(host, hostMesh);
    if (said.length === 0) return awaitingReason;
    throw refusedConfiguration(said, revision.resources, this.#mesh);
  }

  /** What a sidecar shows of itself, and whom it trusts. */
  async credentials(host: HostInstance): Promise<Credentials> {
    const { credentials } = this.#mesh.sidecar;
    return credentials.read(await this.#ask(host, credentials.paths));
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

  /** What those that run have said of spans so far, by instance. */
  async spans(): Promise<ReadonlyMap<string, SpanCounts>> {
    const { spans } = this.#mesh.sidecar;
    const counts = await Promise.all(
      this.#hosts.filter(this.#runs).map(async (host) => {
        const { sent, lost } = spans.read(await this.#ask(host, spans.paths));
        return [host.name, { sent, lost }] as const;
      }),
    );
    return new Map(counts);
  }

  /** Waits until every sidecar has reported what it knows of requests that are over; names those that have not. */
  async reported(): Promise<ReadonlySet<string>> {
    const { spans } = this.#mesh.sidecar;
    const unfinished = await Promise.all(
      this.#hosts.filter(this.#runs).map(async (host) => {
        let first: number | undefined;
        return await eventually(
          () =>
            patiently(async () => {
              const { rounds, underWay } = spans.read(await this.#ask(host, spans.paths));
              // One that reports to nobody has no rounds.
              if (rounds === 0) return undefined;
              first ??= rounds;
              if (underWay > 0) return notYet('it is reporting spans');
              return rounds - first >= reportingRounds ? undefined : notYet('it may have spans to report');
            }),
          { waitingFor: `the spans of ${host.name}`, timeoutMs: settleTimeoutMs },
        ).then(
          () => [],
          () => [host.name],
        );
      }),
    );
    return new Set(unfinished.flat());
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
async function patiently<T>(attempt: () => Promise<T | NotYet>): Promise<T | NotYet> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AdminSilence) return notYet(`its Envoy does not answer yet (${error.message})`);
    throw error;
  }
}

/** Tells a sidecar that runs to open its log anew, which it does when it next has something to write. */
export async function reopenLog(instance: HostInstance, sidecar: MeshSidecar): Promise<void> {
  const { status } = await http(`http://${instance.admin}${sidecar.reopenLogPath}`, {
    method: 'POST',
    timeoutMs: 2_000,
  });
  if (status !== 200) throw environmentError(`${instance.name}'s sidecar answered ${status} to a new log`);
}
