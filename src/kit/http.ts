import type { Agent } from 'node:http';

// As an ES import it costs a tenth of a second of CPU: every export is evaluated, and one loads fetch and WebSocket.
const { request } = process.getBuiltinModule('node:http');

export interface HttpRequest {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Keeps connections; a connection of its own unless given. */
  readonly agent?: Agent;
  /** A socket of this machine, or a pipe, in place of the address in the URL. */
  readonly socketPath?: string;
}

/** One small request to a server on this machine; resolves for every status, rejects when there is no answer. */
export function http(
  url: string,
  options: HttpRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: options.method ?? 'GET',
        headers: { ...options.headers },
        agent: options.agent ?? false,
        ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        incoming.on('error', reject);
      },
    );
    const timer = setTimeout(
      () =>
        outgoing.destroy(
          new Error(`no answer from ${options.socketPath ?? url} within ${options.timeoutMs} ms`),
        ),
      options.timeoutMs,
    );
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

/** The same over HTTP/2 without TLS, known beforehand. */
export async function http2(
  url: string,
  { timeoutMs, headers: { host, ...headers } = {} }: Pick<HttpRequest, 'headers' | 'timeoutMs'>,
): Promise<{ readonly status: number; readonly body: string }> {
  const { origin, pathname, search } = new URL(url);
  const session = process.getBuiltinModule('node:http2').connect(origin);
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer from ${url} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      session.on('error', reject);
      const stream = session.request({ ...headers, ':authority': host, ':path': `${pathname}${search}` });
      const chunks: Buffer[] = [];
      let status = 0;
      stream.on('response', (said) => {
        status = said[':status'] ?? 0;
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('close', () => {
        clearTimeout(timer);
        resolve({ status, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
  } finally {
    session.destroy();
  }
}
