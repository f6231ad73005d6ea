import { release } from '../kit/release.ts';
import type { LogLines } from '../model/log-lines.ts';

/**
 * Finds the row of a request by the hash of its id: what clients sent, from what servers saw. An entry is a row, and
 * above its bits as much of the id as fits, so that one look tells nearly always whether it is the one.
 */
export class RequestIndex {
  #length = 0;
  /** Two halves for each row, the low one first. */
  #ids: Uint32Array<ArrayBuffer>;
  /** 0 where one is free; else a row, counted from 1, and a part of the high half. */
  #entries = new Int32Array(1);
  /** The bits that are a row's. */
  #rowMask = 0;

  constructor(expected: number) {
    this.#ids = new Uint32Array(Math.max(1_024, expected) * 2);
  }

  /** The id of the next row. */
  add(high: number, low: number): void {
    const at = this.#length * 2;
    if (at === this.#ids.length) {
      const ids = new Uint32Array(Math.ceil(this.#length * 1.5) * 2);
      ids.set(this.#ids);
      this.#ids = ids;
    }
    this.#ids[at] = low;
    this.#ids[at + 1] = high;
    this.#length += 1;
  }

  /** Makes rows findable; answers how many ids were taken already (the first row keeps it). */
  build(): number {
    const ids = this.#ids;
    this.#entries = new Int32Array(Math.ceil(this.#length * 1.4) + 1);
    this.#rowMask = 2 ** Math.ceil(Math.log2(this.#length + 2)) - 1;
    let duplicates = 0;
    for (let row = 0; row < this.#length; row += 1) {
      const low = ids[row * 2] as number;
      const high = ids[row * 2 + 1] as number;
      if (low === 0) continue;
      const place = this.#placeOf(high, low);
      if (this.#entries[place] === 0) this.#entries[place] = (high & ~this.#rowMask) | (row + 1);
      else duplicates += 1;
    }
    return duplicates;
  }

  /** The row of the request of each line, or -1. A loop of its own: the processor can wait for several at once. */
  find({ length, idHigh, idLow }: Pick<LogLines, 'length' | 'idHigh' | 'idLow'>, rows: Int32Array): void {
    for (let line = 0; line < length; line += 1) {
      const low = idLow[line] as number;
      const place = low === 0 ? -1 : this.#placeOf(idHigh[line] as number, low);
      rows[line] = place < 0 ? -1 : ((this.#entries[place] as number) & this.#rowMask) - 1;
    }
  }

  /** Where the entry of an id is, or would go. */
  #placeOf(high: number, low: number): number {
    const entries = this.#entries;
    const ids = this.#ids;
    const mask = this.#rowMask;
    let place = Math.floor(low * (entries.length / 2 ** 32));
    for (;;) {
      const entry = entries[place] as number;
      if (entry === 0) return place;
      if (((entry ^ high) & ~mask) === 0) {
        const at = ((entry & mask) - 1) * 2;
        if (ids[at] === low && ids[at + 1] === high) return place;
      }
      place = place + 1 === entries.length ? 0 : place + 1;
    }
  }

  [Symbol.dispose](): void {
    release(this.#ids);
    release(this.#entries);
  }
}
