import type { MarkedRevision } from '../meshes/contract.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { Arrivals } from './contract.ts';
import type { Revision, Sidecars } from './sidecars.ts';

/** The one that a lab starts with, before anything is under test. */
const first = 1;
export const firstRevision = String(first);

/** The revisions of the mesh configuration of a lab: each is given to the control plane, and waited for at the sidecars. */
export class Revisions {
  readonly #sidecars: Sidecars;
  readonly #give: (configuration: MeshConfiguration, revision: MarkedRevision) => Promise<void>;
  /** Ends with the lab, and with it any waiting. */
  readonly #signal: AbortSignal;
  #newest = first;
  /** The one at which clients' views of the hosts were last made anew. */
  #hostsSince = first;

  /** `give`: gives the control plane configuration with its marker. */
  constructor(
    sidecars: Sidecars,
    give: (configuration: MeshConfiguration, revision: MarkedRevision) => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#sidecars = sidecars;
    this.#give = give;
    this.#signal = signal;
  }

  /** See `Lab.configure`. */
  async configure(configuration: MeshConfiguration, signal = this.#signal): Promise<Arrivals> {
    await this.#sidecars.forget();
    const revision = await this.#next(configuration, true);
    return this.#sidecars.arrived(revision, AbortSignal.any([signal, this.#signal]));
  }

  /** See `Lab.change`. */
  async change(configuration: MeshConfiguration, signal = this.#signal): Promise<Arrivals> {
    const revision = await this.#next(configuration, false);
    return this.#sidecars.changed(revision, AbortSignal.any([signal, this.#signal]));
  }

  async #next(configuration: MeshConfiguration, anew: boolean): Promise<Revision> {
    const rejectedBefore = await this.#sidecars.rejectedCounts();
    this.#newest += 1;
    if (anew) this.#hostsSince = this.#newest;
    const name = String(this.#newest);
    await this.#give(configuration, { name, hostsSince: String(this.#hostsSince) });
    return { name, rejectedBefore, since: performance.now(), resources: configuration.resources };
  }
}
