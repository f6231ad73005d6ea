import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Address {
  readonly address: string;
  readonly port: number;
}

// A sidecar reconnects with everything it has at once when the port is back.
const BACKLOG = 4096;
const REOPEN_TIMEOUT_MS = 5_000;

/** A server for one port, and how its connections end. */
export interface Port {
  readonly server: Server;
  /** Those without a request, once it is closed. */
  endIdle(): void;
  endAll(): void;
}

/** Listens, or throws what the system says. */
export async function listen(server: Server, host: string, port: number): Promise<Address> {
  server.listen({ host, port, backlog: BACKLOG });
  await once(server, 'listening');
  const { address, port: actualPort } = server.address() as AddressInfo;
  return { address, port: actualPort };
}

/** A port that can be closed and opened again; changes asked for at the same time happen one after the other. */
export class Listener {
  readonly address: Address;
  readonly #port: Port;
  #lastChange: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(port: Port, address: Address) {
    this.#port = port;
    this.address = address;
  }

  static async start(port: Port, host: string, number: number): Promise<Listener> {
    return new Listener(port, await listen(port.server, host, number));
  }

  /** Done when the port is open, or when it is closed and every connection destroyed. */
  setOpen(open: boolean): Promise<void> {
    return this.#change(() => (open ? this.#open() : this.#close(0)));
  }

  /** Closes the port for good; requests in flight have `graceMs` to end. */
  stop(graceMs: number): Promise<void> {
    return this.#change(async () => {
      this.#stopped = true;
      await this.#close(graceMs);
    });
  }

  #change(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => undefined);
    return done;
  }

  async #close(graceMs: number): Promise<void> {
    const { server } = this.#port;
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    if (graceMs === 0) this.#port.endAll();
    else this.#port.endIdle();
    const timer = setTimeout(() => this.#port.endAll(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  async #open(): Promise<void> {
    if (this.#stopped) return;
    const deadlineMs = performance.now() + REOPEN_TIMEOUT_MS;
    while (!this.#port.server.listening) {
      try {
        await listen(this.#port.server, this.address.address, this.address.port);
      } catch (error) {
        // While it was closed, an outgoing connection may have been given this port as its own.
        const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!isTaken || performance.now() > deadlineMs) throw error;
        await sleep(50);
      }
    }
  }
}
