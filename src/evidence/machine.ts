import type { MachineSample } from '../model/evidence.ts';

/**
 * Idle for no more than this share, and whatever wants to run has to wait: one step of a counter that tells
 * hundredths of a second, of two processors in a sample's 40 ms.
 */
const SATURATED_IDLE_SHARE = 0.13;

interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly saturated: boolean;
}

/**
 * When the machine that lab and load share may have had no processor to spare; times from the start of the
 * load. What saturates two samples' interval may have begun in the one before it and ended in the one after:
 * those count too, so this is the most that it can have been.
 */
export class Saturation {
  /** Spans in order, and how many milliseconds were saturated before each. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #before: number[] = [];
  #sample: MachineSample | undefined;
  #slice: Slice | undefined;
  #taken = false;
  #gap = { fromMs: 0, toMs: 0 };
  /** The first one of the load. */
  #first: MachineSample | undefined;

  /** The longest time between two samples that the harness takes by itself, asking nobody. */
  get longestGap(): { readonly fromMs: number; readonly toMs: number } {
    return this.#gap;
  }

  /**
   * How many processors there are, and for how many milliseconds altogether they were busy in those since the load began,
   * whoever kept them so. Undefined where the system does not say.
   */
  get busy(): { readonly cpus: number; readonly ms: number; readonly busyMs: number } | undefined {
    const [first, last] = [this.#first, this.#sample];
    if (first === undefined || last === undefined || last.t <= first.t) return undefined;
    const ms = last.t - first.t;
    return { cpus: first.cpus, ms, busyMs: Math.max(0, first.cpus * ms - (last.idleMs - first.idleMs)) };
  }

  /** Samples come in the order of time. */
  add(sample: MachineSample, originMs: number): void {
    const before = this.#sample;
    this.#sample = sample;
    if (sample.t >= originMs) this.#first ??= sample;
    if (before === undefined || sample.t <= before.t) return;
    if (sample.t - before.t > this.#gap.toMs - this.#gap.fromMs) {
      this.#gap = { fromMs: before.t - originMs, toMs: sample.t - originMs };
    }
    const idleShare = (sample.idleMs - before.idleMs) / ((sample.t - before.t) * sample.cpus);
    const slice = {
      fromMs: before.t - originMs,
      toMs: sample.t - originMs,
      saturated: idleShare < SATURATED_IDLE_SHARE,
    };
    const last = this.#slice;
    if (slice.saturated && last !== undefined && !this.#taken) this.#take(last);
    this.#taken = slice.saturated || (last?.saturated ?? false);
    if (this.#taken) this.#take(slice);
    this.#slice = slice;
  }

  #take({ fromMs, toMs }: Slice): void {
    this.#before.push(this.#total());
    this.#from.push(fromMs);
    this.#to.push(toMs);
  }

  /** Milliseconds of a span in which nothing was to spare. */
  during(fromMs: number, toMs: number): number {
    return toMs <= fromMs ? 0 : this.#until(toMs) - this.#until(fromMs);
  }

  #total(): number {
    const end = this.#from.length - 1;
    return end < 0 ? 0 : (this.#before[end] ?? 0) + (this.#to[end] ?? 0) - (this.#from[end] ?? 0);
  }

  /** Saturated milliseconds before a moment. */
  #until(atMs: number): number {
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#from[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    const span = low - 1;
    if (span < 0) return 0;
    return (this.#before[span] ?? 0) + Math.min(atMs, this.#to[span] ?? 0) - (this.#from[span] ?? 0);
  }
}
