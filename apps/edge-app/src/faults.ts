import type { AppBehaviour } from '../../../src/model/fault.ts';
import { abandon, type Carrier } from './carrier.ts';
import type { Draw } from './chance.ts';

type Latency = Extract<AppBehaviour, { kind: 'latency' }>;
/** What takes the place of the proper answer. */
export type Ending = Extract<AppBehaviour, { kind: 'reset' | 'hang' | 'error' }>;

export interface ActiveFault<Behaviour extends AppBehaviour = AppBehaviour> {
  readonly id: string;
  readonly behaviour: Behaviour;
  /** Requests hit so far. A refused connection never gets here, so `refuse` stays at 0. */
  hits: number;
  /** What carries requests that this fault keeps without an answer. */
  readonly hung: Set<Carrier>;
}

const ENDINGS: readonly AppBehaviour['kind'][] = ['reset', 'hang', 'error'] satisfies Ending['kind'][];

/** The misbehaviours that are on. Latencies add up; of the rest a request gets one: reset, hang, error. */
export class Faults {
  readonly #draw: Draw;
  readonly #byId = new Map<string, ActiveFault>();
  #latencies: ActiveFault<Latency>[] = [];
  #endings: ActiveFault<Ending>[] = [];

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  get refusing(): boolean {
    return this.list().some((fault) => fault.behaviour.kind === 'refuse');
  }

  list(): readonly ActiveFault[] {
    return [...this.#byId.values()];
  }

  /** Turns a fault on; whatever had this ID is turned off first. */
  put(id: string, behaviour: AppBehaviour): ActiveFault {
    this.delete(id);
    const fault: ActiveFault = { id, behaviour, hits: 0, hung: new Set() };
    this.#byId.set(id, fault);
    this.#sort();
    return fault;
  }

  delete(id: string): void {
    const fault = this.#byId.get(id);
    if (!fault) return;
    this.#byId.delete(id);
    this.#sort();
    for (const carrier of fault.hung) abandon(carrier);
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.delete(id);
  }

  /** How much later this request is answered. */
  drawDelayMs(): number {
    let totalMs = 0;
    for (const fault of this.#latencies) {
      const { delayMs, jitterMs, rate } = fault.behaviour;
      if (this.#draw() >= rate) continue;
      fault.hits++;
      totalMs += delayMs + this.#draw() * jitterMs;
    }
    return totalMs;
  }

  /** What this request gets in place of its answer, if anything. */
  drawEnding(): ActiveFault<Ending> | undefined {
    for (const fault of this.#endings) {
      if (this.#draw() >= fault.behaviour.rate) continue;
      fault.hits++;
      return fault;
    }
    return undefined;
  }

  /** Sorted on change, so that a request walks two short arrays, most often empty. */
  #sort(): void {
    const all = this.list();
    this.#latencies = all.filter((fault) => fault.behaviour.kind === 'latency') as ActiveFault<Latency>[];
    this.#endings = ENDINGS.flatMap((kind) =>
      all.filter((fault) => fault.behaviour.kind === kind),
    ) as ActiveFault<Ending>[];
  }
}
