import { grown } from './columns.ts';

/**
 * What apps called onward, as their own sidecars saw it: one row each, in columns. A call belongs to the request
 * whose id it carries; that of a load has a row in `Requests`.
 */
export class Calls {
  length = 0;
  /** When its first byte came in; milliseconds from the start of the load. */
  startMs = new Float64Array(0);
  /** From its first byte in until it was over. */
  durationMs = new Float32Array(0);
  /** Number of its `Ending`. */
  ending = new Uint16Array(0);
  /** Index of the instance whose app made it. */
  caller = new Uint16Array(0);
  /** Row of the request of a load that it was made for; -1 when it was another's, such as a probe's. */
  request = new Int32Array(0);
  /** The id of that request as a hash, in two halves. */
  idHigh = new Uint32Array(0);
  idLow = new Uint32Array(0);
  /** Row of the call before it that was made for the same request; -1 when it was the first. */
  before = new Int32Array(0);
  /** Attempts that servers saw, up to 255. */
  arrivals = new Uint8Array(0);
  /** Row of the last of them in `Arrivals`; -1 when there was none. */
  lastArrival = new Int32Array(0);
  /** By row of the request: its last call. */
  readonly #last = new Map<number, number>();

  add(
    startMs: number,
    durationMs: number,
    ending: number,
    caller: number,
    request: number,
    idHigh: number,
    idLow: number,
  ): void {
    const row = this.length;
    if (row === this.startMs.length) this.#grow();
    this.startMs[row] = startMs;
    this.durationMs[row] = durationMs;
    this.ending[row] = ending;
    this.caller[row] = caller;
    this.request[row] = request;
    this.idHigh[row] = idHigh;
    this.idLow[row] = idLow;
    this.before[row] = request < 0 ? -1 : (this.#last.get(request) ?? -1);
    if (request >= 0) this.#last.set(request, row);
    this.length = row + 1;
  }

  /** Rows of all calls that were made for a request of a load, wherever on its way; the order tells nothing. */
  *of(request: number): Iterable<number> {
    for (let row = this.#last.get(request) ?? -1; row >= 0; row = this.before[row] as number) yield row;
  }

  /**
   * The call that an arrival comes of: of those that may lead there and were under way then the one that began last,
   * since whoever called before waits for it. -1 where no line of a caller tells.
   */
  behind(request: number, startMs: number, mayLead: (row: number) => boolean): number {
    let found = -1;
    let early = -1;
    for (const row of this.of(request)) {
      const begunMs = this.startMs[row] as number;
      const overMs = begunMs + (this.durationMs[row] as number);
      if (!mayLead(row) || begunMs > startMs + CLOCKS_MS || overMs < startMs - CLOCKS_MS) continue;
      if (begunMs > startMs + ROUNDED_MS) {
        if (early < 0 || begunMs < (this.startMs[early] as number)) early = row;
      } else if (found < 0 || begunMs > (this.startMs[found] as number)) found = row;
    }
    return found < 0 ? early : found;
  }

  #grow(): void {
    const capacity = Math.max(1_024, Math.ceil(this.startMs.length * 1.5));
    this.startMs = grown(this.startMs, new Float64Array(capacity));
    this.durationMs = grown(this.durationMs, new Float32Array(capacity));
    this.ending = grown(this.ending, new Uint16Array(capacity));
    this.caller = grown(this.caller, new Uint16Array(capacity));
    this.request = grown(this.request, new Int32Array(capacity));
    this.idHigh = grown(this.idHigh, new Uint32Array(capacity));
    this.idLow = grown(this.idLow, new Uint32Array(capacity));
    this.before = grown(this.before, new Int32Array(capacity));
    this.arrivals = grown(this.arrivals, new Uint8Array(capacity));
    this.lastArrival = grown(this.lastArrival, new Int32Array(capacity).fill(-1));
  }
}

/** Two sidecars may look at clocks that differ by this much, and an arrival's time is rounded. */
const CLOCKS_MS = 2;
const ROUNDED_MS = 0.05;
