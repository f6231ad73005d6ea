import type { LoggedEnding } from '../../model/ending.ts';
import { LogLines, NO_DUE, OF_CALL, OF_PROBE, UNSAID } from '../../model/log-lines.ts';
import type { AccessLogReader } from '../contract.ts';
import { ACCESS_LOG_MARK } from './access-log-format.ts';
import type { ClusterNames } from './clusters.ts';
import { EndingTable, NO_ENDING } from './ending-table.ts';

/** The mark and the blank after it as one word. */
const MARK = Buffer.from(`${ACCESS_LOG_MARK} `).readInt32LE();
const MARK_LENGTH = 4;
/** "1750000000.123456 ". */
const START_LENGTH = 18;
/** How many blanks part the fields that are not read. */
const UNREAD_BLANKS = 3;
/** Of an id as Envoy makes it. */
const ID_LENGTH = 36;

const NEWLINE = 10;
const BLANK = 32;
const DASH = 45;
const DOT = 46;
const ZERO = 48;
const SEMICOLON = 59;
const LETTER_C = 99;
const LETTER_P = 112;

const EMPTY = -1;
const BAD = -2;

/** By number of digits; readDigits takes up to fifteen. */
const TENS = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

/**
 * Reads lines in `accessLogFormat` straight from bytes: no string and no object a line. Words of four bytes are looked
 * at at once wherever that is quicker, which is nearly everywhere.
 */
export class EnvoyLogReader implements AccessLogReader {
  readonly lines = new LogLines();
  readonly #table: EndingTable;
  /** Whether sidecars take nothing for their apps without a certificate: a connection of bytes without one was no call. */
  readonly #isAlwaysCertified: boolean;
  /** Where the next field begins. */
  #at = 0;
  /** Eight bytes as two words, and the number that they say: the first digits of a time, the same for 100 s. */
  readonly #head = { first: 0, second: 0, value: BAD };

  constructor(clusters: ClusterNames, isAlwaysCertified = false) {
    this.#table = new EndingTable(clusters);
    this.#isAlwaysCertified = isAlwaysCertified;
  }

  get endings(): readonly LoggedEnding[] {
    return this.#table.endings;
  }

  read(buffer: Buffer, from: number, to: number): number {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const lines = this.lines;
    lines.length = 0;
    lines.malformed = 0;
    let begin = from;
    while (lines.length < lines.capacity) {
      const newline = buffer.indexOf(NEWLINE, begin);
      if (newline < 0 || newline >= to) break;
      if (begin + MARK_LENGTH <= newline && view.getInt32(begin, true) === MARK) {
        if (this.#parse(view, begin + MARK_LENGTH, newline)) lines.length += 1;
        else lines.malformed += 1;
      }
      begin = newline + 1;
    }
    return begin;
  }

  /** Puts the line whose fields stand in [from, end) behind the others; false when it is not as Envoy writes it. */
  #parse(view: DataView, from: number, end: number): boolean {
    const lines = this.lines;
    const row = lines.length;
    if (from + START_LENGTH >= end || view.getUint8(from + START_LENGTH - 1) !== BLANK) return false;
    const startMs = this.#readStart(view, from);
    if (startMs < 0) return false;
    this.#at = from + START_LENGTH;
    const totalUs = this.#readNumber(view);
    if (totalUs === BAD) return false;
    const durationMs = this.#readNumber(view);
    if (durationMs === BAD) return false;
    const whole = totalUs !== EMPTY;
    if (!whole && durationMs === EMPTY) return false;
    const ending = this.#table.read(view, this.#at, end, whole);
    if (ending === NO_ENDING) return false;
    this.#at = this.#table.next;
    if (!this.#readId(view, end, row)) return false;
    const due = this.#at;
    const dueEnd = blankAfter(view, due, end);
    if (dueEnd === due || !isUnread(view, dueEnd + 1, end)) return false;
    lines.startMs[row] = startMs;
    lines.durationMs[row] = whole ? totalUs / 1_000 : durationMs;
    lines.ending[row] = this.#table.isOfBytes(ending)
      ? this.#endingOfBytes(ending, view, dueEnd + 1)
      : ending;
    this.#readDue(view, due, dueEnd, row);
    return true;
  }

  /** Of a connection the other side's identity, which stands at `peer`, and what came back tell more of its ending. */
  #endingOfBytes(ending: number, view: DataView, peer: number): number {
    const isUncertified = this.#isAlwaysCertified && view.getUint8(peer) === DASH;
    const other = isUncertified ? this.#table.withoutCertificate(ending) : ending;
    if (other !== ending) return other;
    let back = peer;
    while (view.getUint8(back) !== BLANK) back += 1;
    const isEmpty = view.getUint8(back + 1) === ZERO && view.getUint8(back + 2) === BLANK;
    return isEmpty ? this.#table.withoutAnswer(ending) : ending;
  }

  /** "1750000000.123456" → milliseconds; anything else → BAD. */
  #readStart(view: DataView, from: number): number {
    if (view.getUint8(from + 10) !== DOT) return BAD;
    const head = this.#readHead(view, from);
    const seconds = readDigits(view, from + 8, from + 10);
    const micros = readDigits(view, from + 11, from + 17);
    return head < 0 || seconds < 0 || micros < 0 ? BAD : (head * 100 + seconds) * 1_000 + micros / 1_000;
  }

  /** A number, or EMPTY for "-", and goes to the next field; anything else → BAD. */
  #readNumber(view: DataView): number {
    const from = this.#at;
    let at = from;
    // Nine digits fit into 32 bits, which is much faster than a double.
    let value = 0;
    let digit = view.getUint8(at) - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = (Math.imul(value, 10) + digit) | 0;
      at += 1;
      digit = view.getUint8(at) - ZERO;
    }
    if (at - from > 9) value = readDigits(view, from, at);
    else if (at === from) {
      if (digit !== DASH - ZERO) return BAD;
      value = EMPTY;
      at += 1;
    }
    this.#at = at + 1;
    return view.getUint8(at) === BLANK ? value : BAD;
  }

  /** The request id as a hash, and goes to the next field; false when there is none at all. */
  #readId(view: DataView, end: number, row: number): boolean {
    const from = this.#at;
    const { idHigh, idLow } = this.lines;
    let to = from + ID_LENGTH;
    if (to >= end || view.getUint8(to) !== BLANK || !hashId(view, from, to, this.lines, row)) {
      to = blankAfter(view, from, end);
      if (to === from || to === end) return false;
      hashId(view, from, to, this.lines, row);
      if (to - from === 1 && view.getUint8(from) === DASH) {
        idHigh[row] = 0;
        idLow[row] = 0;
      }
    }
    this.#at = to + 1;
    return true;
  }

  /** "1750000000123.45", "1750000000123.45;1" or ";1": when it was due, and the number of its load. */
  #readDue(view: DataView, from: number, to: number, row: number): void {
    const { dueMs, load } = this.lines;
    const letter = view.getUint8(from) === SEMICOLON ? view.getUint8(from + 1) : 0;
    if (letter === LETTER_P || letter === LETTER_C) {
      load[row] = letter === LETTER_P ? OF_PROBE : OF_CALL;
      dueMs[row] = NO_DUE;
      return;
    }
    // No load has a number of more than three digits.
    let mark = to - 1;
    while (mark >= from && mark > to - 5 && view.getUint8(mark) !== SEMICOLON) mark -= 1;
    const marked = mark >= from && view.getUint8(mark) === SEMICOLON;
    const number = marked ? readDigits(view, mark + 1, to) : UNSAID;
    load[row] = number < 0 || number > UNSAID ? UNSAID : number;
    dueMs[row] = marked && mark === from ? NO_DUE : this.#readTime(view, from, marked ? mark : to);
  }

  /** "1750000000123.45" → itself, "-" → NO_DUE, anything else → NaN. */
  #readTime(view: DataView, from: number, to: number): number {
    if (to - from === 1 && view.getUint8(from) === DASH) return NO_DUE;
    if (to - from < 13) return Number.NaN;
    const head = this.#readHead(view, from);
    const tail = readDigits(view, from + 8, from + 13);
    if (head < 0 || tail < 0) return Number.NaN;
    const whole = head * 1e5 + tail;
    if (to === from + 13) return whole;
    const fraction = readDigits(view, from + 14, to);
    return fraction < 0 || view.getUint8(from + 13) !== DOT
      ? Number.NaN
      : whole + fraction / (TENS[to - from - 14] as number);
  }

  /** The first eight digits of a time; anything else → BAD. */
  #readHead(view: DataView, from: number): number {
    const head = this.#head;
    const first = view.getInt32(from, true);
    const second = view.getInt32(from + 4, true);
    if (head.first !== first || head.second !== second) {
      head.first = first;
      head.second = second;
      head.value = readDigits(view, from, from + 8);
    }
    return head.value;
  }
}

/**
 * The hash of a request id, into the columns: MurmurHash3's mixing over words of four bytes, twice with different seeds;
 * false when there is a blank in it.
 */
export function hashId(
  view: DataView,
  from: number,
  to: number,
  { idHigh, idLow }: Pick<LogLines, 'idHigh' | 'idLow'>,
  row: number,
): boolean {
  let high = to - from;
  let low = ~high;
  let blanks = 0;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = view.getInt32(at, true);
    blanks |= (word - 0x21212121) & ~word & 0x80808080;
    high = Math.imul(high ^ Math.imul(word, 0xcc9e2d51), 0x85ebca6b);
    high ^= high >>> 13;
    low = Math.imul(low ^ Math.imul(word, 0x1b873593), 0xc2b2ae35);
    low ^= low >>> 15;
  }
  for (; at < to; at += 1) {
    const byte = view.getUint8(at);
    high = Math.imul(high ^ Math.imul(byte, 0xcc9e2d51), 0x85ebca6b);
    high ^= high >>> 13;
    low = Math.imul(low ^ Math.imul(byte, 0x1b873593), 0xc2b2ae35);
    low ^= low >>> 15;
  }
  idHigh[row] = high ^ (high >>> 16);
  idLow[row] = (low ^ (low >>> 16)) | 1;
  return blanks === 0;
}

/** How many of the four bytes of a word are a blank. */
function countBlanks(word: number): number {
  const others = word ^ 0x20202020;
  const marks = ~(((others & 0x7f7f7f7f) + 0x7f7f7f7f) | others | 0x7f7f7f7f);
  return Math.imul(marks >>> 7, 0x01010101) >>> 24;
}

/** Where the field that begins at `from` ends: at a blank or at `end`. */
function blankAfter(view: DataView, from: number, end: number): number {
  let at = from;
  while (at < end && view.getUint8(at) !== BLANK) at += 1;
  return at;
}

/** Whether [from, end) holds as many fields as are not read, so that no other line was glued to this one. */
function isUnread(view: DataView, from: number, end: number): boolean {
  let blanks = 0;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    // No bit is set when all four bytes are above a blank.
    if (((word - 0x21212121) & ~word & 0x80808080) !== 0) blanks += countBlanks(word);
  }
  for (; at < end; at += 1) if (view.getUint8(at) === BLANK) blanks += 1;
  return blanks === UNREAD_BLANKS && view.getUint8(end - 1) !== BLANK && view.getUint8(from) !== BLANK;
}

/** Up to fifteen digits → a number; anything else → BAD. */
function readDigits(view: DataView, from: number, to: number): number {
  const length = to - from;
  if (length > 9) {
    if (length > 15) return BAD;
    const head = readDigits(view, from, to - 9);
    const tail = readDigits(view, to - 9, to);
    return head < 0 || tail < 0 ? BAD : head * 1e9 + tail;
  }
  if (length < 1) return BAD;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = view.getUint8(at) - ZERO;
    if (digit < 0 || digit > 9) return BAD;
    value = (Math.imul(value, 10) + digit) | 0;
  }
  return value;
}
