import { ACCESS_LOG_MARK, accessLogFields } from '../model/evidence.ts';
import { Interner } from './interner.ts';

/** One line; the same object every time, so a reader copies what it keeps. Empty numbers are -1. */
export interface AccessLine {
  /** Epoch milliseconds with microseconds. */
  startMs: number;
  totalUs: number;
  durationMs: number;
  status: number;
  attempts: number;
  /** Numbers of texts in the parser's table of the same name. */
  flags: number;
  details: number;
  host: number;
  cluster: number;
  /** The request id as a 64-bit hash in two halves; both 0 when there was none. */
  idHigh: number;
  idLow: number;
  /** Epoch milliseconds; NaN when it is no number: callers write this one. */
  dueMs: number;
}

/** What a log held beside good lines. */
export interface LogDamage {
  /** Lines with our mark that are not as we wrote them. */
  malformed: number;
  /** Last lines cut off before their end. */
  torn: number;
}

const FIELDS = accessLogFields.length;
const indexOf = (name: (typeof accessLogFields)[number]['name']) =>
  accessLogFields.findIndex((field) => field.name === name);
const START = indexOf('start');
const TOTAL = indexOf('totalUs');
const DURATION = indexOf('durationMs');
const STATUS = indexOf('status');
const FLAGS = indexOf('flags');
const DETAILS = indexOf('details');
const ATTEMPTS = indexOf('attempts');
const HOST = indexOf('upstreamHost');
const CLUSTER = indexOf('cluster');
const REQUEST_ID = indexOf('requestId');
const DUE = indexOf('due');
/** The mark and the blank after it as one word. */
const MARK = Buffer.from(`${ACCESS_LOG_MARK} `).readInt32LE();

const NEWLINE = 10;
const BLANK = 32;
const DASH = 45;
const DOT = 46;
const ZERO = 48;

const EMPTY = -1;
const BAD = -2;

/** By number of digits; readInteger takes up to fifteen. */
const TENS = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

/** Reads access-log lines straight from bytes: no string a line. */
export class AccessLogParser {
  readonly flags = new Interner();
  readonly details = new Interner();
  readonly hosts = new Interner();
  readonly clusters = new Interner();
  /** Where each field ends. */
  readonly #ends = new Int32Array(FIELDS + 1);
  /** Eight bytes as two words, and the number that they say. */
  readonly #head = { first: 0, second: 0, value: BAD };
  readonly #line: AccessLine = {
    startMs: 0.5,
    totalUs: 0.5,
    durationMs: 0.5,
    status: 0,
    attempts: 0,
    flags: 0,
    details: 0,
    host: 0,
    cluster: 0,
    idHigh: 0.5,
    idLow: 0.5,
    dueMs: 0.5,
  };

  /** Gives every whole line in buffer[0, length) to `sink`; answers how many bytes that took. */
  read(buffer: Buffer, length: number, damage: LogDamage, sink: (line: AccessLine) => void): number {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const ends = this.#ends;
    let begin = 0;
    for (;;) {
      if (begin + 4 > length || view.getInt32(begin, true) !== MARK) {
        const newline = buffer.indexOf(NEWLINE, begin);
        if (newline < 0 || newline >= length) return begin;
        begin = newline + 1;
        continue;
      }
      let fields = 0;
      let at = begin;
      scan: for (;;) {
        // Four bytes at a time: no bit is set when all of them are above a blank.
        while (at + 4 <= length) {
          const word = view.getInt32(at, true);
          if (((word - 0x21212121) & ~word & 0x80808080) !== 0) break;
          at += 4;
        }
        const stop = Math.min(at + 4, length);
        for (; at < stop; at += 1) {
          const byte = buffer[at] as number;
          if (byte > BLANK) continue;
          if (byte === BLANK) {
            if (fields < FIELDS) ends[fields] = at;
            fields += 1;
          } else if (byte === NEWLINE) break scan;
        }
        if (at >= length) return begin;
      }
      if (fields === FIELDS - 1) ends[fields] = at;
      if (fields === FIELDS - 1 && this.#parse(buffer, view)) sink(this.#line);
      else damage.malformed += 1;
      begin = at + 1;
    }
  }

  #parse(buffer: Buffer, view: DataView): boolean {
    const ends = this.#ends;
    const line = this.#line;
    line.startMs = this.#readSeconds(buffer, view, begin(ends, START), end(ends, START));
    line.totalUs = readInteger(buffer, begin(ends, TOTAL), end(ends, TOTAL));
    line.durationMs = readInteger(buffer, begin(ends, DURATION), end(ends, DURATION));
    line.status = readInteger(buffer, begin(ends, STATUS), end(ends, STATUS));
    line.attempts = readInteger(buffer, begin(ends, ATTEMPTS), end(ends, ATTEMPTS));
    if (
      line.startMs < 0 ||
      line.totalUs === BAD ||
      line.durationMs === BAD ||
      line.status === BAD ||
      line.status > 999 ||
      line.attempts === BAD ||
      (line.totalUs === EMPTY && line.durationMs === EMPTY)
    ) {
      return false;
    }
    for (let field = FLAGS; field < FIELDS; field += 1) {
      if (begin(ends, field) === end(ends, field)) return false;
    }
    line.flags = this.flags.idOf(view, begin(ends, FLAGS), end(ends, FLAGS));
    line.details = this.details.idOf(view, begin(ends, DETAILS), end(ends, DETAILS));
    line.host = this.hosts.idOf(view, begin(ends, HOST), end(ends, HOST));
    line.cluster = this.clusters.idOf(view, begin(ends, CLUSTER), end(ends, CLUSTER));
    this.#hashId(view, begin(ends, REQUEST_ID), end(ends, REQUEST_ID));
    line.dueMs = this.#readDue(buffer, view, begin(ends, DUE), end(ends, DUE));
    return true;
  }

  /** "1750000000.123456" → milliseconds; anything else → BAD. */
  #readSeconds(buffer: Buffer, view: DataView, from: number, to: number): number {
    if (to - from !== 17 || buffer[from + 10] !== DOT) return BAD;
    const head = this.#readHead(buffer, view, from);
    const seconds = readInteger(buffer, from + 8, from + 10);
    const micros = readInteger(buffer, from + 11, to);
    return head < 0 || seconds < 0 || micros < 0 ? BAD : (head * 100 + seconds) * 1_000 + micros / 1_000;
  }

  /** "1750000000123.45" → itself, "-" → EMPTY, anything else → NaN. */
  #readDue(buffer: Buffer, view: DataView, from: number, to: number): number {
    let dot = from;
    while (dot < to && buffer[dot] !== DOT) dot += 1;
    const digits = dot - from;
    let whole: number;
    if (digits === 13) {
      const head = this.#readHead(buffer, view, from);
      const tail = readInteger(buffer, from + 8, dot);
      whole = head < 0 || tail < 0 ? BAD : head * 1e5 + tail;
    } else {
      whole = readInteger(buffer, from, dot);
      if (whole === EMPTY && dot === to) return EMPTY;
    }
    if (whole < 0) return Number.NaN;
    if (dot === to) return whole;
    const fraction = readInteger(buffer, dot + 1, to);
    return fraction < 0 ? Number.NaN : whole + fraction / (TENS[to - dot - 1] ?? Number.NaN);
  }

  /** The first eight digits of a time, which stay the same for 100 s; anything else → BAD. */
  #readHead(buffer: Buffer, view: DataView, from: number): number {
    const head = this.#head;
    const first = view.getInt32(from, true);
    const second = view.getInt32(from + 4, true);
    if (head.first !== first || head.second !== second) {
      head.first = first;
      head.second = second;
      head.value = readInteger(buffer, from, from + 8);
    }
    return head.value;
  }

  /** MurmurHash3's mixing over words of four bytes, twice with different seeds. */
  #hashId(view: DataView, from: number, to: number): void {
    const line = this.#line;
    if (to - from === 1 && view.getUint8(from) === DASH) {
      line.idHigh = 0;
      line.idLow = 0;
      return;
    }
    let high = to - from;
    let low = ~high;
    for (let i = from; i < to; ) {
      let word: number;
      if (i + 4 <= to) {
        word = view.getInt32(i, true);
        i += 4;
      } else {
        word = view.getUint8(i);
        i += 1;
      }
      high = Math.imul(high ^ Math.imul(word, 0xcc9e2d51), 0x85ebca6b);
      high ^= high >>> 13;
      low = Math.imul(low ^ Math.imul(word, 0x1b873593), 0xc2b2ae35);
      low ^= low >>> 15;
    }
    line.idHigh = (high ^ (high >>> 16)) >>> 0;
    line.idLow = ((low ^ (low >>> 16)) | 1) >>> 0;
  }
}

function begin(ends: Int32Array, field: number): number {
  return (ends[field - 1] as number) + 1;
}

function end(ends: Int32Array, field: number): number {
  return ends[field] as number;
}

/** Digits → a number, "-" → EMPTY, anything else → BAD. */
function readInteger(buffer: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length > 9) {
    if (length > 15) return BAD;
    const head = readInteger(buffer, from, to - 9);
    const tail = readInteger(buffer, to - 9, to);
    return head < 0 || tail < 0 ? BAD : head * 1e9 + tail;
  }
  if (length < 1) return BAD;
  // Nine digits fit into 32 bits, which is much faster than a double.
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = (buffer[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return length === 1 && digit === DASH - ZERO ? EMPTY : BAD;
    value = (Math.imul(value, 10) + digit) | 0;
  }
  return value;
}
