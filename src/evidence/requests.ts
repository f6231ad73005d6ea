/**
 * The loads' requests as the clients' sidecars saw them: one row each, in columns, about 40 bytes a request.
 * Rows rather than counters, because windows, the clock offset and the threshold of a proof are known only
 * after the last line; and every percentile is exact.
 */
export class Requests {
  length = 0;
  /** How often they were sent upstream again, as the clients' sidecars counted. */
  retries = 0;
  /** When its first byte came in; milliseconds from the start of the load, on the sidecar's clock. */
  startMs: Float64Array;
  /** Start less due time, on two clocks; NaN when the request did not say when it was due. */
  rawLagMs: Float32Array;
  /** From its first byte in until it was over. */
  durationMs: Float32Array;
  /** Number of its `Ending`. */
  ending: Uint16Array;
  /** Index of the client instance. */
  client: Uint16Array;
  /** Number of its load. */
  load: Uint8Array;
  /** Attempts that servers saw, up to 255. */
  arrivals: Uint8Array;
  /** Row of the last of them in `Arrivals`; -1 when there was none. */
  lastArrival: Int32Array;
  /** Hash of the request id; dropped when the join is done. */
  #idHigh: Uint32Array;
  #idLow: Uint32Array;
  #slots = new Int32Array(0);
  /** A byte of the id in each slot, 0 where it is free: small enough to stay in the processor's cache. */
  #tags = new Uint8Array(0);

  constructor(expected: number) {
    const capacity = Math.max(1_024, expected);
    this.startMs = new Float64Array(capacity);
    this.rawLagMs = new Float32Array(capacity);
    this.durationMs = new Float32Array(capacity);
    this.ending = new Uint16Array(capacity);
    this.client = new Uint16Array(capacity);
    this.load = new Uint8Array(capacity);
    this.arrivals = new Uint8Array(capacity);
    this.lastArrival = new Int32Array(capacity).fill(-1);
    this.#idHigh = new Uint32Array(capacity);
    this.#idLow = new Uint32Array(capacity);
  }

  add(
    startMs: number,
    rawLagMs: number,
    durationMs: number,
    attempts: number,
    ending: number,
    client: number,
    load: number,
    idHigh: number,
    idLow: number,
  ): void {
    const row = this.length;
    if (row === this.startMs.length) this.#grow();
    this.startMs[row] = startMs;
    this.rawLagMs[row] = rawLagMs;
    this.durationMs[row] = durationMs;
    this.ending[row] = ending;
    this.client[row] = client;
    this.load[row] = load;
    this.#idHigh[row] = idHigh;
    this.#idLow[row] = idLow;
    if (attempts > 1) this.retries += attempts - 1;
    this.length = row + 1;
  }

  /** Makes rows findable by request id; answers how many ids were taken already (the first row keeps it). */
  index(): number {
    let slots = 1_024;
    while (slots < this.length * 1.5) slots *= 2;
    this.#slots = new Int32Array(slots);
    this.#tags = new Uint8Array(slots);
    let duplicates = 0;
    for (let row = 0; row < this.length; row += 1) {
      const high = this.#idHigh[row] as number;
      const low = this.#idLow[row] as number;
      if (low === 0) continue;
      const slot = this.#slotOf(high, low);
      if (this.#tags[slot] !== 0) {
        duplicates += 1;
        continue;
      }
      this.#slots[slot] = row;
      this.#tags[slot] = tagOf(high);
    }
    return duplicates;
  }

  /** The row with a request id, or -1. */
  find(idHigh: number, idLow: number): number {
    if (idLow === 0) return -1;
    const slot = this.#slotOf(idHigh, idLow);
    return this.#tags[slot] === 0 ? -1 : (this.#slots[slot] as number);
  }

  dropIndex(): void {
    this.#slots = new Int32Array(0);
    this.#tags = new Uint8Array(0);
    this.#idHigh = new Uint32Array(0);
    this.#idLow = new Uint32Array(0);
  }

  /** Where an id is, or would go. */
  #slotOf(high: number, low: number): number {
    const tags = this.#tags;
    const mask = tags.length - 1;
    const tag = tagOf(high);
    let slot = low & mask;
    for (;;) {
      const there = tags[slot];
      if (there === 0) return slot;
      if (there === tag) {
        const row = this.#slots[slot] as number;
        if (this.#idLow[row] === low && this.#idHigh[row] === high) return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const capacity = Math.ceil(this.startMs.length * 1.5);
    this.startMs = grown(this.startMs, new Float64Array(capacity));
    this.rawLagMs = grown(this.rawLagMs, new Float32Array(capacity));
    this.durationMs = grown(this.durationMs, new Float32Array(capacity));
    this.ending = grown(this.ending, new Uint16Array(capacity));
    this.client = grown(this.client, new Uint16Array(capacity));
    this.load = grown(this.load, new Uint8Array(capacity));
    this.arrivals = grown(this.arrivals, new Uint8Array(capacity));
    this.lastArrival = grown(this.lastArrival, new Int32Array(capacity).fill(-1));
    this.#idHigh = grown(this.#idHigh, new Uint32Array(capacity));
    this.#idLow = grown(this.#idLow, new Uint32Array(capacity));
  }
}

/** What reached the servers' sidecars, retries included: one row each. */
export class Arrivals {
  length = 0;
  startMs: Float64Array;
  durationMs: Float32Array;
  ending: Uint16Array;
  /** Index of the instance. */
  instance: Uint16Array;
  /** Row of the client's request, or -1 when no client knows it. */
  request: Int32Array;

  constructor(expected: number) {
    const capacity = Math.max(1_024, expected);
    this.startMs = new Float64Array(capacity);
    this.durationMs = new Float32Array(capacity);
    this.ending = new Uint16Array(capacity);
    this.instance = new Uint16Array(capacity);
    this.request = new Int32Array(capacity);
  }

  add(startMs: number, durationMs: number, ending: number, instance: number, request: number): number {
    const row = this.length;
    if (row === this.startMs.length) this.#grow();
    this.startMs[row] = startMs;
    this.durationMs[row] = durationMs;
    this.ending[row] = ending;
    this.instance[row] = instance;
    this.request[row] = request;
    this.length = row + 1;
    return row;
  }

  #grow(): void {
    const capacity = Math.ceil(this.startMs.length * 1.5);
    this.startMs = grown(this.startMs, new Float64Array(capacity));
    this.durationMs = grown(this.durationMs, new Float32Array(capacity));
    this.ending = grown(this.ending, new Uint16Array(capacity));
    this.instance = grown(this.instance, new Uint16Array(capacity));
    this.request = grown(this.request, new Int32Array(capacity));
  }
}

/** 1 to 255. */
function tagOf(high: number): number {
  return high & 0xff || 1;
}

function grown<T extends { set(array: ArrayLike<number>): void }>(from: ArrayLike<number>, to: T): T {
  to.set(from);
  return to;
}
