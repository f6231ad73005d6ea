import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type Http2Session,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';

/** Of the hundred and more streams that an API server allows on a connection. */
const mostStreams = 80;
/** Logs come in bursts, and a node that is busy for a moment must not hold up all the others. */
const streamWindowBytes = 4 * 1_024 * 1_024;
const connectionWindowBytes = 32 * 1_024 * 1_024;
/** A connection that does not answer a ping for this long leads nowhere. */
const pingTimeoutMs = 5_000;

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } =
  constants;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * HTTP/2 to one server: requests and streams share a few connections, which are made when they are needed and
 * again when they are lost. The API sends every line of a log by itself; over HTTP/1.1 and a connection for each
 * log, taking them in costs twice as much CPU.
 */
export class Connection implements Disposable {
  readonly #server: string;
  readonly #options: SecureClientSessionOptions;
  readonly #headers: OutgoingHttpHeaders;
  readonly #sessions = new Map<ClientHttp2Session, Set<ClientHttp2Stream>>();

  /** `headers` go with every request. */
  constructor(server: string, options: SecureClientSessionOptions, headers: OutgoingHttpHeaders) {
    this.#server = server;
    this.#options = options;
    this.#headers = headers;
  }

  /** Resolves with status and body; rejects when there is no whole answer within `timeoutMs`. */
  async request(
    asked: Asked,
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    const chunks: Buffer[] = [];
    const stream = this.#open(asked);
    const timer = setTimeout(() => {
      stream.destroy(new Error(`no answer to ${asked.method} ${asked.path} within ${timeoutMs} ms`));
      this.#suspect(stream.session);
    }, timeoutMs);
    try {
      const status = await ended(stream, () => (chunk) => chunks.push(chunk));
      return { status, bytes: Buffer.concat(chunks) };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Streams an answer to its end and resolves with its status; rejects when it breaks off or `signal` says so.
   * `onChunk` gets bytes of an answer with status 200 alone.
   */
  async stream(asked: Asked, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const stream = this.#open(asked);
    const stop = () => stream.destroy(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await ended(stream, (status) => (status === 200 ? onChunk : undefined));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #open({ method, path, headers, body }: Asked): ClientHttp2Stream {
    const [session, streams] = this.#session();
    const stream = session.request(
      { ...this.#headers, ...headers, [HTTP2_HEADER_METHOD]: method, [HTTP2_HEADER_PATH]: path },
      { endStream: body === undefined },
    );
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
    if (body !== undefined) stream.end(body);
    return stream;
  }

  #session(): [ClientHttp2Session, Set<ClientHttp2Stream>] {
    for (const entry of this.#sessions) {
      const [session, streams] = entry;
      if (!session.closed && !session.destroyed && streams.size < mostStreams) return entry;
    }
    const session = connect(this.#server, {
      ...this.#options,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    });
    const streams = new Set<ClientHttp2Stream>();
    this.#sessions.set(session, streams);
    session.on('connect', () => session.setLocalWindowSize(connectionWindowBytes));
    // Its streams say so themselves.
    session.on('error', () => {});
    session.on('close', () => this.#sessions.delete(session));
    return [session, streams];
  }

  /** What a request has waited for in vain may be what stands behind the server; a ping is answered by the server. */
  #suspect(session: Http2Session | undefined): void {
    if (!session || session.destroyed) return;
    if (session.connecting) {
      session.destroy();
      return;
    }
    const timer = setTimeout(() => session.destroy(), pingTimeoutMs).unref();
    session.ping((error) => {
      if (!error) clearTimeout(timer);
    });
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }
}

/** Reads an answer to its end and resolves with its status; rejects when it was not whole. */
function ended(
  stream: ClientHttp2Stream,
  reader: (status: number) => ((chunk: Buffer) => void) | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[HTTP2_HEADER_STATUS]);
      const read = reader(status);
      if (read) stream.on('data', read);
      else stream.resume();
    });
    stream.on('error', reject);
    // A stream whose connection is lost ends like one that is whole, and only its code tells.
    stream.on('close', () => {
      if (status > 0 && stream.rstCode === NGHTTP2_NO_ERROR) resolve(status);
      else
        reject(
          new Error(stream.rstCode === NGHTTP2_CANCEL ? 'the connection was lost' : 'the stream broke off'),
        );
    });
  });
}
