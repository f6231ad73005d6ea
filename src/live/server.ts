import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The header that a page of ours sends to stop; a page of anybody else's has to ask first, and is not answered. */
const STOP_HEADER = 'x-breakwater-stop';

export interface LiveServer extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  /** Whether somebody looks. */
  readonly isWatched: boolean;
  /** Puts a view in front of everyone who looks; resolves when it has left. */
  show(content: string): Promise<void>;
}

/**
 * Serves the page on loopback to whoever has its address, which holds a secret. Nobody else gets a word: a browser
 * that was led here by another name (DNS rebinding) says so in Host, and one that another site sent says so in
 * Sec-Fetch-Site and Origin.
 */
export async function startLiveServer(serves: {
  /** The whole page. */
  page(): string;
  /** What goes into it, for somebody who has just come. */
  content(): string;
  stop(): void;
}): Promise<LiveServer> {
  const token = randomBytes(16).toString('hex');
  const watching = new Set<ServerResponse>();
  let hosts: readonly string[] = [];

  const server = createServer((request, response) => {
    const asked = questionOf(request, token, hosts);
    if (asked === undefined) return refuse(response, 404, 'nothing here');
    if (asked === 'page' && request.method === 'GET') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
      response.end(serves.page());
      return;
    }
    if (asked === 'views' && request.method === 'GET') {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
      watching.add(response);
      response.once('close', () => watching.delete(response));
      response.write(event(serves.content()));
      return;
    }
    if (asked === 'stop' && request.method === 'POST' && request.headers[STOP_HEADER] === 'yes') {
      serves.stop();
      response.writeHead(204, headers).end();
      return;
    }
    refuse(response, 405, 'not like this');
  });
  // Requests have no body worth reading, and a page has few connections.
  server.requestTimeout = 5_000;
  server.maxConnections = 50;
  server.on('clientError', (_, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  hosts = [`127.0.0.1:${port}`, `localhost:${port}`];

  return {
    url: `http://127.0.0.1:${port}/${token}/`,
    get isWatched() {
      return watching.size > 0;
    },
    async show(content) {
      const text = event(content);
      await Promise.all(
        [...watching].map(
          (response) =>
            new Promise<void>((sent) => {
              // Who does not read gets the next one, not all of them.
              if (response.writableNeedDrain) return sent();
              response.write(text, () => sent());
            }),
        ),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const response of watching) response.end();
      server.close();
      server.closeAllConnections();
    },
  };
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const event = (content: string) => `data: ${JSON.stringify(content)}\n\n`;

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain' }).end(`${why}\n`);
}

/** What a request is for; undefined when whoever sent it is not to know that there is anything. */
function questionOf(
  { url = '', headers: sent }: IncomingMessage,
  token: string,
  hosts: readonly string[],
): 'page' | 'views' | 'stop' | undefined {
  const host = sent.host?.toLowerCase() ?? '';
  if (!hosts.includes(host)) return undefined;
  const [, given = '', what, ...more] = url.split('/');
  if (more.length > 0 || !isSame(given, token)) return undefined;
  const { origin } = sent;
  const site = sent['sec-fetch-site'];
  if (origin !== undefined && origin !== `http://${host}`) return undefined;
  // A page may be come to from anywhere by whoever knows the address; what it asks for, it asks for itself.
  if (what !== '' && site !== undefined && site !== 'same-origin') return undefined;
  if (what === '') return 'page';
  return what === 'views' || what === 'stop' ? what : undefined;
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
