import type { MeshStatistics, ServiceHosts } from '../meshes/contract.ts';
import type { StatisticsSample } from '../model/evidence.ts';

/** Whatever the counters say, every host is looked at this often. */
const hostsEveryMs = 1_000;

/**
 * The statistics of one client's sidecar. The state of the hosts is a long answer (50 KB where a service has ten),
 * so it is asked for when the counters say that a host has changed, and once a second besides.
 */
export class ClientStatistics {
  readonly #client: string;
  readonly #statistics: MeshStatistics;
  readonly #countersPath: string;
  readonly #ask: (path: string) => Promise<string>;
  #known: { readonly version: string; readonly atMs: number; readonly hosts: ServiceHosts } | undefined;

  /** `ask` gets a path of the sidecar's admin interface. */
  constructor(
    client: string,
    services: readonly string[],
    statistics: MeshStatistics,
    ask: (path: string) => Promise<string>,
  ) {
    this.#client = client;
    this.#statistics = statistics;
    this.#countersPath = statistics.countersPath(services);
    this.#ask = ask;
  }

  /** As it is now, one sample per service called. */
  async sample(): Promise<readonly StatisticsSample[]> {
    const counters = await this.#ask(this.#countersPath);
    const hosts = await this.#hosts(this.#statistics.hostsVersion(counters));
    return this.#statistics.samples(this.#client, Date.now(), counters, hosts);
  }

  async #hosts(version: string): Promise<ServiceHosts> {
    const nowMs = performance.now();
    if (this.#known?.version !== version || nowMs - this.#known.atMs >= hostsEveryMs) {
      const hosts = this.#statistics.hosts(await this.#ask(this.#statistics.hostsPath));
      this.#known = { version, atMs: nowMs, hosts };
    }
    return this.#known.hosts;
  }
}
