import { Agent, type ClientRequestArgs } from 'node:http';
import { Duplex, Readable, Writable } from 'node:stream';
import type { PortForward } from '@kubernetes/client-node';

/** A port inside a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** HTTP to a port of a pod, whatever the host of the URL: its connections are port-forwards of the API server. */
export class PodAgent extends Agent implements Disposable {
  readonly #forward: PortForward;
  readonly #to: PodPort;

  constructor(forward: PortForward, to: PodPort) {
    super({ keepAlive: true });
    this.#forward = forward;
    this.#to = to;
  }

  override createConnection(_options: ClientRequestArgs): Duplex {
    return new Tunnel(this.#forward, this.#to);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

type ForwardSocket = Exclude<Awaited<ReturnType<PortForward['portForward']>>, () => unknown>;

/** One forwarded connection, with what an agent wants of a socket. */
class Tunnel extends Duplex {
  readonly #forward: PortForward;
  readonly #to: PodPort;
  readonly #toPod = new Readable({ read() {} });
  #socket: ForwardSocket | undefined;

  constructor(forward: PortForward, to: PodPort) {
    super();
    this.#forward = forward;
    this.#to = to;
  }

  override _construct(done: (error?: Error) => void): void {
    const { namespace, pod, port } = this.#to;
    const fromPod = new Writable({
      write: (chunk: Buffer, _encoding, written) => {
        this.push(chunk);
        written();
      },
    });
    const refused = new Writable({
      write: (chunk: Buffer, _encoding, written) => {
        if (chunk.length > 0) this.destroy(new Error(`port ${port} of ${pod}: ${chunk.toString().trim()}`));
        written();
      },
    });
    this.#forward.portForward(namespace, pod, [port], fromPod, refused, this.#toPod).then(
      (connection) => {
        // A function is what comes back when retries are asked for.
        if (typeof connection === 'function') return done(new Error('no socket'));
        this.#socket = connection;
        connection.onclose = () => this.destroy();
        connection.onerror = () => this.destroy(new Error(`the way to port ${port} of ${pod} was lost`));
        if (this.destroyed) connection.close();
        done();
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(`cannot reach ${pod}`)),
    );
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#toPod.push(chunk);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket?.close();
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
