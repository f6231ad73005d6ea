import type { HostInstance } from '../meshes/contract.ts';
import type { Action } from '../model/fault.ts';
import { startReplica, stopGraceMs } from './start-order.ts';

/** What the programs of a replica are called among those of a lab. */
export const appOf = (replica: string) => `${replica}/app`;
export const sidecarOf = (replica: string) => `${replica}/sidecar`;

export function replicaNamed<One extends { readonly name: string }>(all: readonly One[], name: string): One {
  const replica = all.find((each) => each.name === name);
  if (!replica) throw new Error(`no instance ${name}`);
  return replica;
}

/** How programs end, by their names. */
interface Programs {
  /** At once. */
  kill(name: string): Promise<void>;
  /** When it is told to, or once its grace is over. */
  stop(name: string, graceMs: number): Promise<void>;
}

/** How what has ended of a replica starts again, each of which resolves once it is ready, and how a sidecar goes. */
export interface ReplicaLife {
  app(host: HostInstance): Promise<void>;
  sidecar(host: HostInstance, signal?: AbortSignal): Promise<void>;
  /** Lets a sidecar go on for as long as it should before it is told to end; none where it does that by itself. */
  drain?(host: HostInstance): Promise<void>;
}

type OfReplicas = Extract<Action['do'], 'kill' | 'stop' | 'start' | 'kill-sidecar' | 'start-sidecar'>;

/** Ends what runs of a replica and starts it again, as faults ask for it; callers hear who is there. */
export class Replicas {
  readonly #programs: Programs;
  readonly #life: ReplicaLife;
  readonly #tell: (withdrawn: ReadonlySet<string>) => Promise<void>;
  /** Names of the replicas that callers are not told of. */
  readonly #withdrawn = new Set<string>();

  /** `tell`: tells callers of all replicas but those of these names. */
  constructor(
    programs: Programs,
    life: ReplicaLife,
    tell: (withdrawn: ReadonlySet<string>) => Promise<void>,
  ) {
    this.#programs = programs;
    this.#life = life;
    this.#tell = tell;
  }

  async perform(does: OfReplicas, host: HostInstance, signal?: AbortSignal): Promise<void> {
    switch (does) {
      case 'kill':
        return this.#kill(host);
      case 'stop':
        return this.#stop(host);
      case 'start':
        return this.#start(host, signal);
      case 'kill-sidecar':
        return this.#programs.kill(sidecarOf(host.name));
      case 'start-sidecar':
        return this.#life.sidecar(host, signal);
    }
  }

  async #kill({ name, app }: HostInstance): Promise<void> {
    const programs = [...(app === undefined ? [] : [appOf(name)]), sidecarOf(name)];
    await Promise.all(programs.map((program) => this.#programs.kill(program)));
  }

  /** All of it ends in its own time, while callers hear that the replica goes. */
  async #stop(host: HostInstance): Promise<void> {
    const { name, app } = host;
    this.#withdrawn.add(name);
    await Promise.all([
      this.#tell(this.#withdrawn),
      ...(app === undefined ? [] : [this.#programs.stop(appOf(name), stopGraceMs)]),
      this.#stopSidecar(host),
    ]);
  }

  async #stopSidecar(host: HostInstance): Promise<void> {
    await this.#life.drain?.(host);
    await this.#programs.stop(sidecarOf(host.name), stopGraceMs);
  }

  async #start(host: HostInstance, signal?: AbortSignal): Promise<void> {
    await startReplica(host, {
      app: async () => {
        if (host.app !== undefined) await this.#life.app(host);
      },
      sidecar: () => this.#life.sidecar(host, signal),
    });
    if (this.#withdrawn.delete(host.name)) await this.#tell(this.#withdrawn);
  }
}
