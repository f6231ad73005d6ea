/**
 * Lines that the kubelet has put a time before: "2026-01-02T03:04:05.123456789Z text". The times are taken
 * off; with them a stream that broke goes on where it was, and no line comes twice. Taken in bulk: the API
 * sends every line by itself, and looking at each at once would cost more than all else that the harness does.
 */
export class StampedLines {
  /** Comparable time of the newest line. */
  newest: string | undefined;
  readonly #sink: (lines: readonly Buffer[]) => void;
  /** What has not been looked at; half a line may be the first of it. */
  #chunks: Buffer[] = [];

  /** `sink` gets the new lines of what is drained together. */
  constructor(from: string | undefined, sink: (lines: readonly Buffer[]) => void) {
    this.newest = from === undefined ? undefined : comparable(from);
    this.#sink = sink;
  }

  /** Epoch milliseconds of the newest line. */
  get newestMs(): number | undefined {
    return this.newest === undefined ? undefined : Date.parse(`${this.newest.slice(0, 23)}Z`);
  }

  /** Whole seconds: the API knows nothing finer. */
  since(): string {
    return `${(this.newest ?? '').slice(0, 19)}Z`;
  }

  /** A new stream begins: half a line of the last one is worth nothing. */
  restart(): void {
    this.#chunks = [];
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  drain(): void {
    const data = Buffer.concat(this.#chunks);
    const fresh: Buffer[] = [];
    let begin = 0;
    for (;;) {
      const newline = data.indexOf(10, begin);
      if (newline < 0) break;
      const blank = data.indexOf(32, begin);
      if (blank > begin && blank < newline) {
        const time = comparable(data.toString('latin1', begin, blank));
        if (this.newest === undefined || time > this.newest) {
          this.newest = time;
          fresh.push(data.subarray(blank + 1, newline + 1));
        }
      }
      begin = newline + 1;
    }
    if (fresh.length > 0) this.#sink(fresh);
    this.#chunks = begin < data.length ? [Buffer.from(data.subarray(begin))] : [];
  }
}

const WHOLE_LENGTH = '2026-01-02T03:04:05.123456789Z'.length;

/** RFC 3339 in UTC, whose fraction has as many digits as it needs → nine digits, so that texts compare as times. */
function comparable(time: string): string {
  // Nearly all have all nine.
  if (time.length === WHOLE_LENGTH && time.endsWith('Z')) return time.slice(0, -1);
  const [seconds = '', fraction = ''] = time.replace(/(Z|\+00:00)$/, '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}
