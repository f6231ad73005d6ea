import { grown } from './columns.ts';

/**
 * The loads' requests as the clients' sidecars saw them: one row each, in columns, 26 bytes a request.
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
  /** Attempts that servers saw, up to 255; without the calls that apps made for them. */
  arrivals: Uint8Array;
  /** Row of the last of them in `Arrivals`; -1 when there was none. */
  lastArrival: Int32Array;
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
  }

  add(
    startMs: number,
    rawLagMs: number,
    durationMs: number,
    ending: number,
    client: number,
    load: number,
  ): void {
    const row = this.length;
    if (row === this.startMs.length) this.#grow();
    this.startMs[row] = startMs;
    this.rawLagMs[row] = rawLagMs;
    this.durationMs[row] = durationMs;
    this.ending[row] = ending;
    this.client[row] = client;
    this.load[row] = load;
    this.length = row + 1;
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
  }
}

/** What reached the servers' sidecars, retries and the calls of apps included: one row each. */
export class Arrivals {
  length = 0;
  /** To a part of a millisecond: what is asked of it is in which window, and which of two attempts came last. */
  startMs: Float32Array;
  durationMs: Float32Array;
  ending: Uint16Array;
  /** Index of the instance. */
  instance: Uint16Array;
  /** Row of the client's request, or -1 when no client knows it. */
  request: Int32Array;
  /** Row in `Calls` where an app had called for that request; DIRECT where a client had, UNKNOWN_CALL where that is not known. */
  call: Int32Array;

  constructor(expected: number) {
    const capacity = Math.max(1_024, expected);
    this.startMs = new Float32Array(capacity);
    this.durationMs = new Float32Array(capacity);
    this.ending = new Uint16Array(capacity);
    this.instance = new Uint16Array(capacity);
    this.request = new Int32Array(capacity);
    this.call = new Int32Array(capacity);
  }

  add(
    startMs: number,
    durationMs: number,
    ending: number,
    instance: number,
    request: number,
    call: number,
  ): number {
    const row = this.length;
    if (row === this.startMs.length) this.#grow();
    this.startMs[row] = startMs;
    this.durationMs[row] = durationMs;
    this.ending[row] = ending;
    this.instance[row] = instance;
    this.request[row] = request;
    this.call[row] = call;
    this.length = row + 1;
    return row;
  }

  #grow(): void {
    const capacity = Math.ceil(this.startMs.length * 1.5);
    this.startMs = grown(this.startMs, new Float32Array(capacity));
    this.durationMs = grown(this.durationMs, new Float32Array(capacity));
    this.ending = grown(this.ending, new Uint16Array(capacity));
    this.instance = grown(this.instance, new Uint16Array(capacity));
    this.request = grown(this.request, new Int32Array(capacity));
    this.call = grown(this.call, new Int32Array(capacity));
  }
}

/** `call` of an arrival that a client sent, and of one that an app sent whose own line is not there. */
export const DIRECT = -1;
export const UNKNOWN_CALL = -2;
