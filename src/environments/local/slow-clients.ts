import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where slow clients connect to, and the host that they ask for. */
export interface SlowlyCalled {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly tls: boolean;
}

/** A byte more of a request that never becomes whole. */
const everyMs = 500;
/** Who is cut off comes back after this. */
const againMs = 200;
/** They come one after the other, this far apart: to agree on TLS with all at once would keep the harness from its work. */
const apartMs = 5;

/**
 * Connections over which requests come so slowly that none is ever whole: a byte of a header now and then, as from
 * clients on bad lines, or from such as want to use a server up. What the other side ends is opened again.
 */
export class SlowClients implements Disposable {
  readonly #sockets: (Socket | undefined)[];
  readonly #called: SlowlyCalled;
  readonly #timer: NodeJS.Timeout;
  #over = false;

  constructor(count: number, called: SlowlyCalled) {
    this.#called = called;
    this.#sockets = Array.from({ length: count }, () => undefined);
    for (const index of this.#sockets.keys()) setTimeout(() => this.#open(index), index * apartMs).unref();
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) if (socket?.writable) socket.write('a');
    }, everyMs);
  }

  #open(index: number): void {
    if (this.#over) return;
    const { address, port, host, tls } = this.#called;
    const begin = () => socket.write(`POST / HTTP/1.1\r\nhost: ${host}\r\nx-slow: `);
    // They look at no certificate: what they are there for is to take up room.
    const socket = tls
      ? connectTls({ host: address, port, servername: host, rejectUnauthorized: false }, begin)
      : connect({ host: address, port }, begin);
    this.#sockets[index] = socket;
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => {
      this.#sockets[index] = undefined;
      if (!this.#over) setTimeout(() => this.#open(index), againMs).unref();
    });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket?.destroy();
  }
}
