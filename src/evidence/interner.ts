/** Distinct texts beyond this all become `OTHER`: no caller can make the table grow without end. */
const MOST = 4_096;
const SLOTS = MOST * 4;

/** What stands in for every text after the table is full. */
export const OTHER = '(other)';

/** Gives equal bytes the same small number, so that a repeated text costs no string. */
export class Interner {
  /** By number. */
  readonly texts: string[] = [];
  readonly #bytes: DataView[] = [];
  readonly #slots = new Uint16Array(SLOTS);
  #last = -1;

  /** The number of the bytes in [from, to). */
  idOf(view: DataView, from: number, to: number): number {
    const last = this.#last;
    if (last >= 0 && this.#isAt(last, view, from, to)) return last;
    let hash = to - from;
    let i = from;
    for (; i + 4 <= to; i += 4) hash = Math.imul(hash ^ (hash >>> 15) ^ view.getInt32(i, true), 0x85ebca6b);
    for (; i < to; i += 1) hash = Math.imul(hash ^ (hash >>> 15) ^ view.getUint8(i), 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) return this.#add(slot, view, from, to);
      if (this.#isAt(id, view, from, to)) {
        this.#last = id;
        return id;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #add(slot: number, view: DataView, from: number, to: number): number {
    if (this.texts.length > MOST) return MOST;
    if (this.texts.length === MOST) {
      this.#bytes.push(new DataView(new ArrayBuffer(0)));
      return this.texts.push(OTHER) - 1;
    }
    const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset + from, to - from));
    this.#bytes.push(new DataView(bytes.buffer));
    const id = this.texts.push(Buffer.from(bytes.buffer).toString('latin1')) - 1;
    this.#slots[slot] = id + 1;
    return id;
  }

  #isAt(id: number, view: DataView, from: number, to: number): boolean {
    const bytes = this.#bytes[id];
    const length = to - from;
    if (bytes === undefined || bytes.byteLength !== length) return false;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (bytes.getInt32(i, true) !== view.getInt32(from + i, true)) return false;
    }
    for (; i < length; i += 1) {
      if (bytes.getUint8(i) !== view.getUint8(from + i)) return false;
    }
    return true;
  }
}
