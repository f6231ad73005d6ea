import type { WriteStream } from 'node:tty';
import pc from 'picocolors';
import { visibleColoured } from './visible.ts';

/** Says what is going on: one line that changes on a terminal, plain lines elsewhere. */
export interface Progress {
  /** A step has begun; shows how long it takes. */
  step(text: string): void;
  /** How the step goes on, with how long it has taken so far. */
  ongoing(text: string): void;
  /** Replaces the line on a terminal; elsewhere at most one line every few seconds. */
  status(text: string): void;
  /** A line that stays. */
  note(text: string): void;
  /** The same for what an operator must know, however quiet. */
  warn(text: string): void;
  /** Removes the changing line. */
  done(): void;
}

const plainEveryMs = 5_000;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export function createProgress(stream: WriteStream | NodeJS.WriteStream, quiet: boolean): Progress {
  const warn = (text: string) => stream.write(`${warning(visibleColoured(text))}\n`);
  if (quiet) return { step() {}, ongoing() {}, status() {}, note() {}, warn, done() {} };
  const live = stream.isTTY && !process.env['CI'];
  return withoutDisguises(live ? new LiveProgress(stream) : new PlainProgress(stream));
}

/** Shows what others have written so that it can be nothing but text. */
function withoutDisguises(progress: Progress): Progress {
  return {
    step: (text) => progress.step(visibleColoured(text)),
    ongoing: (text) => progress.ongoing(visibleColoured(text)),
    status: (text) => progress.status(visibleColoured(text)),
    note: (text) => progress.note(visibleColoured(text)),
    warn: (text) => progress.warn(visibleColoured(text)),
    done: () => progress.done(),
  };
}

const warning = (text: string) => `${pc.yellow('warning')}: ${text}`;

class LiveProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  #text = '';
  #since = performance.now();
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  step(text: string): void {
    this.#since = performance.now();
    this.status(text);
  }

  ongoing(text: string): void {
    this.status(text);
  }

  status(text: string): void {
    this.#text = text;
    this.#timer ??= setInterval(() => this.#draw(), 100).unref();
    this.#draw();
  }

  note(text: string): void {
    this.#stream.write(`\r\x1b[2K${text}\n`);
    if (this.#timer) this.#draw();
  }

  warn(text: string): void {
    this.note(warning(text));
  }

  done(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stream.write('\r\x1b[2K');
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length;
    const seconds = ((performance.now() - this.#since) / 1_000).toFixed(1);
    const room = (this.#stream.columns || 80) - 10;
    const text = this.#text.length > room ? `${this.#text.slice(0, room - 1)}…` : this.#text;
    this.#stream.write(`\r\x1b[2K${pc.cyan(frames[this.#frame] ?? '')} ${text} ${pc.dim(`${seconds}s`)}`);
  }
}

class PlainProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  #last = -Infinity;
  #since = -Infinity;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  step(text: string): void {
    this.#since = performance.now();
    this.#say(text);
  }

  ongoing(text: string): void {
    this.status(`${text} (${Math.round((performance.now() - this.#since) / 1_000)} s so far)`);
  }

  status(text: string): void {
    if (performance.now() - this.#last >= plainEveryMs) this.#say(text);
  }

  #say(text: string): void {
    this.#last = performance.now();
    this.#stream.write(`${text}\n`);
  }

  note(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(warning(text));
  }

  done(): void {}
}
