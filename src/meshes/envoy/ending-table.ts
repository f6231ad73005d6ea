import { httpOfGrpc } from '../../../apps/edge-app/src/grpc-status.ts';
import type { LoggedEnding, RawEnding } from '../../model/ending.ts';
import type { ClusterNames } from './clusters.ts';
import { cluesOf, FROM_CACHE, flagOf, isOfHost, noRequestOf, reasonOf } from './reasons.ts';

/** Distinct texts beyond this are told apart by their status alone: no caller can make the table grow without end. */
const MOST = 8_192;
const SLOTS = MOST * 4;
const FIELDS = 7;
/** So many words of a text tell nearly all of those apart that a run has many of: up to the address of a host. */
const PREFIX_BYTES = 44;
const RECENT = 4_096;
const BLANK = 32;

/** Stands for the words of what is told by its status alone. */
const untold: RawEnding = { flag: '(other)', details: '(other)', destination: '-' };

/** What `read` answers for a text that is none of Envoy's. */
export const NO_ENDING = -1;

/**
 * Gives equal texts "status flags details grpc attempts host cluster" the number of the same ending, straight from bytes:
 * a run has dozens of them, and millions of lines.
 */
export class EndingTable {
  /** By number. */
  readonly endings: LoggedEnding[] = [];
  /** Behind the blank after the text that was read last. */
  next = 0;
  readonly #clusters: ClusterNames;
  readonly #texts: DataView[] = [];
  /** By hash of a whole text, and by that of the beginning of one, the latest: number of a text, counted from 1. */
  readonly #slots = new Uint16Array(SLOTS);
  readonly #recent = new Uint16Array(RECENT);
  /** By number of a text: the ending of a request that was cut off, and of a whole one; counted from 1. */
  readonly #numbers = new Uint16Array(MOST * 2);
  readonly #untold = new Map<string, number>();
  /** Whether any ending is of a connection of bytes: most runs have none, and millions of lines. */
  #hasBytes = false;
  readonly #withoutCertificate = new Map<number, number>();
  readonly #withoutAnswer = new Map<number, number>();

  constructor(clusters: ClusterNames) {
    this.#clusters = clusters;
  }

  /** The number of the ending that the line tells whose next field begins at `from`; `end` is the line's. */
  read(view: DataView, from: number, end: number, whole: boolean): number {
    if (from + PREFIX_BYTES > end) return this.#search(view, from, end, -1, whole);
    let hash = 0;
    for (let at = from; at < from + PREFIX_BYTES; at += 4) {
      hash = Math.imul(hash, 0x9e3779b1) ^ view.getInt32(at, true);
    }
    hash = Math.imul(hash, 0x85ebca6b);
    const recent = (hash >>> 16) & (RECENT - 1);
    const text = (this.#recent[recent] as number) - 1;
    // Its bytes are those of all fields, so what equals them needs no looking for blanks.
    if (text < 0 || !this.#beginsAt(text, view, from, end)) {
      return this.#search(view, from, end, recent, whole);
    }
    this.next = from + (this.#texts[text] as DataView).byteLength + 1;
    return this.#numberOf(text, whole);
  }

  /** Whether it is the ending of a connection on which requests are not told apart. */
  isOfBytes(number: number): boolean {
    return this.#hasBytes && this.endings[number]?.noRequest === 'bytes';
  }

  /** The number of the same ending, where it is of a connection for the app that is known to have been no call. */
  withoutCertificate(number: number): number {
    return this.#instead(number, this.#withoutCertificate, (ending) =>
      ending.direction === 'inbound' ? { ...ending, noRequest: 'no-certificate' } : ending,
    );
  }

  /** The number of the same ending, where it is of a connection on which nothing came back: it went well for nobody. */
  withoutAnswer(number: number): number {
    return this.#instead(number, this.#withoutAnswer, (ending) =>
      ending.reason === 'none'
        ? { ...ending, reason: 'reset', status: 0, fromHost: false, whole: false }
        : ending,
    );
  }

  #instead(
    number: number,
    others: Map<number, number>,
    make: (ending: LoggedEnding) => LoggedEnding,
  ): number {
    let other = others.get(number);
    if (other === undefined) {
      const ending = this.endings[number];
      const made = ending && make(ending);
      other = made === undefined || made === ending ? number : this.endings.push(made) - 1;
      others.set(number, other);
    }
    return other;
  }

  /** Whether the text stands at `from`, with a blank behind it. */
  #beginsAt(text: number, view: DataView, from: number, end: number): boolean {
    const bytes = this.#texts[text] as DataView;
    const length = bytes.byteLength;
    if (from + length >= end || view.getUint8(from + length) !== BLANK) return false;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (bytes.getInt32(i, true) !== view.getInt32(from + i, true)) return false;
    }
    for (; i < length; i += 1) {
      if (bytes.getUint8(i) !== view.getUint8(from + i)) return false;
    }
    return true;
  }

  /** Finds where the text ends, and then the text; `recent`, unless it is -1, is where to keep it at hand. */
  #search(view: DataView, from: number, end: number, recent: number, whole: boolean): number {
    let blanks = 0;
    let hash = 0;
    let to = from;
    for (; to < end; to += 1) {
      const byte = view.getUint8(to);
      if (byte === BLANK && ++blanks === FIELDS) break;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (to === end) return NO_ENDING;
    this.next = to + 1;
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (;;) {
      const text = (this.#slots[slot] as number) - 1;
      if (text < 0) return this.#add(view, from, to, slot, whole);
      if ((this.#texts[text] as DataView).byteLength === to - from && this.#beginsAt(text, view, from, end)) {
        if (recent >= 0) this.#recent[recent] = text + 1;
        return this.#numberOf(text, whole);
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #numberOf(text: number, whole: boolean): number {
    const known = this.#numbers[text * 2 + (whole ? 1 : 0)] as number;
    return known > 0 ? known - 1 : this.#tell(text, whole);
  }

  #add(view: DataView, from: number, to: number, slot: number, whole: boolean): number {
    const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset + from, to - from));
    const copy = new DataView(bytes.buffer);
    const ending = read(copy, whole, this.#clusters);
    if (ending === undefined) return NO_ENDING;
    if (this.#texts.length === MOST) return this.#byStatus(ending);
    this.#slots[slot] = this.#texts.push(copy);
    return this.#tell(this.#texts.length - 1, whole);
  }

  #tell(text: number, whole: boolean): number {
    const ending = read(this.#texts[text] as DataView, whole, this.#clusters);
    if (ending === undefined) return NO_ENDING;
    this.#hasBytes ||= ending.noRequest === 'bytes';
    const count = this.endings.push(ending);
    this.#numbers[text * 2 + (whole ? 1 : 0)] = count;
    return count - 1;
  }

  #byStatus({ status, fromHost, whole, direction }: LoggedEnding): number {
    const key = [status, fromHost, whole, direction].join(' ');
    let number = this.#untold.get(key);
    if (number === undefined) {
      const reason = fromHost ? 'none' : 'other';
      const told = { reason, status, fromHost, whole, direction, attempts: 1 } as const;
      number = this.endings.push({ ...told, host: '-', service: '-', raw: untold }) - 1;
      this.#untold.set(key, number);
    }
    return number;
  }
}

/** What a text says; undefined when it is not as Envoy writes it. */
function read(text: DataView, whole: boolean, clusters: ClusterNames): LoggedEnding | undefined {
  const fields = Buffer.from(text.buffer).toString('latin1').split(' ');
  if (fields.length !== FIELDS || fields.includes('')) return undefined;
  const [status = '', flags = '', details = '', grpc = '', attempts = '', host = '', cluster = ''] = fields;
  const isNumber = (text: string) => /^(\d{1,9}|-)$/.test(text);
  if (!/^(\d{1,3}|-)$/.test(status) || ![grpc, attempts].every(isNumber)) return undefined;
  const clues = cluesOf(flags, details);
  const ofBytes = isConnection(status, details);
  const isTurnedAway = ofBytes && attempts === '0' && host === '-' && cluster === '-';
  const noRequest = noRequestOf(details) ?? (isTurnedAway ? 'turned-away' : ofBytes ? 'bytes' : undefined);
  // One that nothing went wrong with has been as good as answered.
  const wentWell = ofBytes && flags === '-' && host !== '-';
  return {
    reason: wentWell ? 'none' : reasonOf(flags, details),
    status: wentWell ? 200 : statusOf(status, grpc),
    fromHost: wentWell || isOfHost(details),
    whole: wentWell || whole,
    ...(details === FROM_CACHE ? { fromCache: true as const } : {}),
    host,
    ...clusters.destinationOf(cluster),
    attempts: attempts === '-' ? 0 : Number(attempts),
    ...(clues === undefined ? {} : { clues }),
    ...(noRequest === undefined ? {} : { noRequest }),
    raw: { flag: flagOf(flags, details, grpc), details, destination: cluster },
  };
}

/** Of a connection on which requests are not told apart there is neither a status nor how it came to it. */
const isConnection = (status: string, details: string) =>
  (status === '0' || status === '-') && details === '-';

/** The status of the answer, 0 where there was none; of a call of gRPC the one of HTTP that says what its own does. */
function statusOf(status: string, grpc: string): number {
  const http = status === '-' ? 0 : Number(status);
  return http === 0 || grpc === '-' ? http : httpOfGrpc(Number(grpc));
}
