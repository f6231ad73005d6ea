import { once } from 'node:events';
import type http from 'node:http';
import { parseBehaviour } from './behaviour.ts';
import { parseSeed, SEED_TEXT } from './chance.ts';
import type { ActiveFault } from './faults.ts';
import { InputError } from './input-error.ts';
import { type Address, listen } from './listener.ts';
import { nodeHttp } from './node-http.ts';
import { METRICS_TYPE, type StartedService } from './server.ts';

const MAX_BODY_BYTES = 65_536;

export interface StartedControl {
  readonly address: Address;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body?: string | object;
}

/** The port the harness breaks the app through; it goes on when the service port refuses. */
export async function startControl(
  service: StartedService,
  host: string,
  port: number,
): Promise<StartedControl> {
  const server = nodeHttp.createServer(async (request, response) => {
    const reply = await answer(service, request).catch((error: Error): Reply => {
      return { status: error instanceof InputError ? 400 : 500, body: { error: error.message } };
    });
    send(response, reply);
  });
  const address = await listen(server, host, port);
  return {
    address,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(service: StartedService, request: http.IncomingMessage): Promise<Reply> {
  const { faults, metrics, chance } = service;
  const [path = '/'] = (request.url ?? '/').split('?');
  const route = `${request.method} ${path}`;
  if (route === 'GET /healthz') return { status: 200, body: 'ok' };
  if (route === 'GET /metrics') return { status: 200, body: metrics.toString() };
  if (route === 'GET /faults') return { status: 200, body: faults.list().map(view) };
  if (route === 'DELETE /faults') {
    faults.clear();
    await service.applyRefusal();
    return { status: 204 };
  }
  if (route === 'PUT /seed') {
    const text = await readBody(request);
    const seed = parseSeed(text.trim());
    if (seed === undefined) throw new InputError([`expected ${SEED_TEXT}, got ${JSON.stringify(text)}`]);
    chance.reseed(seed);
    return { status: 204 };
  }
  if (route === 'PUT /start-calls') {
    await service.startCalls.make();
    const { problem } = service.startCalls;
    return problem === undefined ? { status: 204 } : { status: 503, body: { error: problem } };
  }
  const id = faultId(path);
  if (id !== undefined && request.method === 'PUT') {
    const fault = faults.put(id, parseBehaviour(await readBody(request)));
    await service.applyRefusal();
    return { status: 200, body: view(fault) };
  }
  if (id !== undefined && request.method === 'DELETE') {
    faults.delete(id);
    await service.applyRefusal();
    return { status: 204 };
  }
  return { status: 404, body: { error: `no such route: ${route}` } };
}

/** The ID in `/faults/ID`; undefined for any other path. */
function faultId(path: string): string | undefined {
  const encoded = /^\/faults\/([^/]+)$/.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new InputError([`the fault ID ${encoded} is not URL-encoded`]);
  }
}

function view({ id, behaviour, hits }: ActiveFault): object {
  return { id, behaviour, hits };
}

async function readBody(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to the end all the same: who stops reading can't answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new InputError([`the body is larger than ${MAX_BODY_BYTES} bytes`]);
  return Buffer.concat(chunks).toString();
}

function send(response: http.ServerResponse, { status, body }: Reply): void {
  if (typeof body === 'object') {
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  } else {
    response.writeHead(status, body === undefined ? {} : { 'content-type': METRICS_TYPE }).end(body);
  }
}
