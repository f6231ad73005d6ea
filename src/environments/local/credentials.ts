import type { Handed, HostAuthority, HostInstance, OwnAuthority } from '../../meshes/contract.ts';
import type { Action } from '../../model/fault.ts';
import { isServer } from '../../model/topology.ts';
import { replicaNamed } from '../replicas.ts';
import type { Sidecars } from '../sidecars.ts';

type OfCredentials = Extract<Action, { do: 'issue' | 'rotate-authority' | 'complete-rotation' }>;

/** Hands sidecars certificates and roots, and is done when they hold them. */
export class HandingOut {
  readonly #authority: HostAuthority | OwnAuthority;
  readonly #sidecars: Pick<Sidecars, 'took'>;
  readonly #hosts: readonly HostInstance[];
  /** Ends with the lab, and with it any waiting. */
  readonly #signal: AbortSignal;

  constructor(
    authority: HostAuthority | OwnAuthority,
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
    if ('rotate' in authority) return this.#follow(authority, action, either);
    switch (action.do) {
      case 'issue': {
        const host = replicaNamed(this.#hosts, action.target.name);
        return this.#hand([host], () => authority.issue(host, action.certificate), either);
      }
      case 'rotate-authority':
        await authority.succeed();
        return action.overlap
          ? this.#overlap(authority, either)
          : this.#replace(authority, this.#hosts.filter(isServer), either);
      case 'complete-rotation':
        if (!action.overlap) return this.#replace(authority, this.#hosts, either);
        // What was interrupted is made whole first.
        await this.#overlap(authority, either);
        return this.#hand(this.#hosts, (host) => authority.trust(host, 'newest'), either);
    }
  }

  /** Where the mesh hands out by itself: done when everybody has followed, which it has at the end of the fault too. */
  async #follow(authority: OwnAuthority, action: OfCredentials, signal: AbortSignal): Promise<void> {
    if (action.do === 'issue') throw new Error('the mesh issues certificates by itself');
    if (action.do === 'rotate-authority') await authority.rotate();
    return this.#hand(this.#hosts, (host) => authority.issued(host, signal), signal);
  }

  /** Everybody trusts both authorities before anybody shows a certificate of the new one. */
  async #overlap(authority: HostAuthority, signal: AbortSignal): Promise<void> {
    await this.#hand(this.#hosts, (host) => authority.trust(host, 'both'), signal);
    await this.#hand(this.#hosts, (host) => authority.renew(host), signal);
  }

  /** Each gets the new root in place of the old one, with its certificate. */
  async #replace(
    authority: HostAuthority,
    hosts: readonly HostInstance[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#hand(
      hosts,
      async (host) => {
        await authority.trust(host, 'newest');
        return await authority.renew(host);
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
