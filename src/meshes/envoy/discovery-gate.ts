import { connect, createServer, type Server, type Socket } from 'node:net';
import { notYet, type Ready } from '../../kit/eventually.ts';

/** Where something listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Stands between the sidecars and a control plane, as a cluster's Service does, which sends nobody to a pod that is not
 * ready. It may listen before it knows every service; a sidecar that asked it then would be told that the others are
 * gone, and drop what it has.
 */
export class DiscoveryGate {
  readonly #at: Endpoint;
  readonly #controlPlane: Endpoint;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  #server: Server | undefined;
  #isOpen = false;

  constructor(at: Endpoint, controlPlane: Endpoint) {
    this.#at = at;
    this.#controlPlane = controlPlane;
  }

  /** Takes connections, which wait. */
  async hold(): Promise<void> {
    await this.close();
    const server = createServer((socket) => {
      this.#keep(socket);
      if (this.#isOpen) this.#letIn(socket);
      else this.#waiting.add(socket);
    });
    // The programs keep a lab up, not its gate.
    server.unref();
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...this.#at, exclusive: true }, resolve);
    });
  }

  /** Lets those in that wait, and whoever comes from now on. */
  open(): void {
    this.#isOpen = true;
    for (const socket of this.#waiting) this.#letIn(socket);
    this.#waiting.clear();
  }

  /** Ends every connection and refuses new ones. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#waiting.clear();
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // A connection that breaks is one that ends: either side finds that out from its own.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#waiting.delete(socket);
    });
  }

  #letIn(socket: Socket): void {
    const inner = connect(this.#controlPlane);
    this.#keep(inner);
    socket.once('close', () => inner.destroy());
    inner.once('close', () => socket.destroy());
    socket.pipe(inner);
    inner.pipe(socket);
  }
}

/** Whether something accepts connections there. */
export function accepts({ host, port }: Endpoint): Promise<Ready> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(1_000);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    const no = (why: string) => {
      socket.destroy();
      resolve(notYet(why));
    };
    socket.once('timeout', () => no(`${host}:${port} does not answer`));
    socket.once('error', (error) => no(`${host}:${port}: ${error.message}`));
  });
}
