const CAPACITY = 1_024;

/** `dueMs` of a line without a due time, and `load` of one that names none. */
export const NO_DUE = -1;
export const UNSAID = 255;
/** `load` of a line that is no load's but a probe's. */
export const OF_PROBE = 254;
/** `load` of a line about a call that an app made for another request; see CALL_MARK. */
export const OF_CALL = 253;

/**
 * Lines of an access log in columns, so that reading one makes no object. Filled anew with each read: whoever
 * wants to keep something copies it.
 */
export class LogLines {
  readonly capacity = CAPACITY;
  length = 0;
  /** Lines that are the mesh's own by their mark, and not as it writes them. */
  malformed = 0;
  /** When the request's first byte came in: epoch milliseconds with microseconds. */
  readonly startMs = new Float64Array(CAPACITY);
  /** From its first byte in until it was over, however it ended. */
  readonly durationMs = new Float64Array(CAPACITY);
  /** When it was due (DUE_HEADER), in epoch ms; NO_DUE when it does not say, NaN when that is no time: callers write it. */
  readonly dueMs = new Float64Array(CAPACITY);
  /** Number of the load that it says it is of, from the same header; UNSAID when it says none. */
  readonly load = new Uint8Array(CAPACITY);
  /** Number of its ending. */
  readonly ending = new Uint16Array(CAPACITY);
  /** The request id as a hash of 64 bits in two halves, of which the low one is 0 only when there is no id. */
  readonly idHigh = new Uint32Array(CAPACITY);
  readonly idLow = new Uint32Array(CAPACITY);
}
