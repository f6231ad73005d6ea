import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 18;

/** Reads what has been added to a file since the last time; a file that is not there yet has nothing. */
export class GrowingFile implements AsyncDisposable {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #kept = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** `take` gets bytes and answers how many of them it has taken: whole lines. The others come again, with what follows. */
  async read(take: (buffer: Buffer, length: number) => number): Promise<void> {
    this.#handle ??= await open(this.#path, 'r').catch(() => undefined);
    if (this.#handle === undefined) return;
    for (;;) {
      // A line that is longer than all of it is nobody's.
      if (this.#kept === this.#buffer.length) this.#kept = 0;
      const { bytesRead } = await this.#handle.read(
        this.#buffer,
        this.#kept,
        this.#buffer.length - this.#kept,
      );
      if (bytesRead === 0) return;
      const length = this.#kept + bytesRead;
      const taken = take(this.#buffer, length);
      this.#buffer.copyWithin(0, taken, length);
      this.#kept = length - taken;
    }
  }

  /** Every whole line that is JSON. */
  async readJson<T>(sink: (value: T) => void): Promise<void> {
    await this.read((buffer, length) => {
      const end = buffer.subarray(0, length).lastIndexOf(10) + 1;
      for (const line of buffer.toString('utf8', 0, end).split('\n')) {
        try {
          if (line !== '') sink(JSON.parse(line) as T);
        } catch {
          // The analysis counts those.
        }
      }
      return end;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
  }
}
