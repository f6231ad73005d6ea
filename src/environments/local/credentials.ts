import type { Handed, HostAuthority, HostInstance } from '../../meshes/contract.ts';
import type { Action } from '../../model/fault.ts';
import { isServer } from '../../model/topology.ts';
import type { Sidecars } from '../sidecars.ts';

type OfCredentials = Extract<Action, { do: 'issue' | 'rotate-authority' | 'complete-rotation' }>;

/** Hands sidecars certificates and roots, and is done when they hold them. */
export class HandingOut {
  readonly #authority: HostAuthority;
  readonly #sidecars: Pick<Sidecars, 'took'>;
  readonly #hosts: readonly HostInstance[];
  /** Ends with the lab, and with it any waiting. */
  readonly #signal: AbortSignal;

  constructor(
    authority: HostAuthority,
    sidecars: Pick<Sidecars, 'took'>,
    hosts: readonly HostInstance[],
    signal: AbortSignal,
  ) {
    this.#authority = authority;
    this.#sidecars = sidecars;
    this.#hosts = hosts;
    this.#signal = signal;
  }

  async perform(action: OfCredentials, signal = this.#signal): Promise<void> {
    const either = AbortSignal.any([signal, this.#signal]);
    const authority = this.#authority;
    switch (action.do) {
      case 'issue': {
        const host = this.#hosts.find(({ name }) => name === action.target.name);
        if (!host) throw new Error(`no instance ${action.target.name}`);
        return this.#hand([host], () => authority.issue(host, action.certificate), either);
      }
      case 'rotate-authority':
        await authority.succeed();
        return action.overlap ? this.#overlap(either) : this.#replace(this.#hosts.filter(isServer), either);
      case 'complete-rotation':
        if (!action.overlap) return this.#replace(this.#hosts, either);
        // What was interrupted is made whole first.
        await this.#overlap(either);
        return this.#hand(this.#hosts, (host) => authority.trust(host, 'newest'), either);
    }
  }

  /** Everybody trusts both authorities before anybody shows a certificate of the new one. */
  async #overlap(signal: AbortSignal): Promise<void> {
    await this.#hand(this.#hosts, (host) => this.#authority.trust(host, 'both'), signal);
    await this.#hand(this.#hosts, (host) => this.#authority.renew(host), signal);
  }

  /** Each gets the new root in place of the old one, with its certificate. */
  async #replace(hosts: readonly HostInstance[], signal: AbortSignal): Promise<void> {
    await this.#hand(
      hosts,
      async (host) => {
        await this.#authority.trust(host, 'newest');
        return await this.#authority.renew(host);
      },
      signal,
    );
  }

  /** Done when it is with every one of them, whatever fails: nobody is handed the next thing meanwhile. */
  async #hand(
    hosts: readonly HostInstance[],
    hand: (host: HostInstance) => Promise<Handed>,
    signal: AbortSignal,
  ): Promise<void> {
    const handing = hosts.map(async (host) =>
      this.#sidecars.took(host, await hand(host), signal).catch((error: unknown) => {
        // A lab that goes down takes its sidecars along; those files are gone with it.
        if (!this.#signal.aborted) throw error;
      }),
    );
    await Promise.allSettled(handing);
    await Promise.all(handing);
  }
}
