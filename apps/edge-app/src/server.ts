import { setTimeout as sleep } from 'node:timers/promises';
import { Answers } from './answers.ts';
import { Capacity } from './capacity.ts';
import type { Request, Response } from './carrier.ts';
import { Chance } from './chance.ts';
import { Exchange, type Site } from './exchange.ts';
import { Faults } from './faults.ts';
import { GrpcAnswers, isGrpc } from './grpc-answers.ts';
import { http2Port } from './http2-port.ts';
import { type Address, Listener, type Port } from './listener.ts';
import { Metrics } from './metrics.ts';
import { nodeHttp } from './node-http.ts';
import { onwardAgent } from './onward.ts';
import type { ServiceSettings } from './settings.ts';
import { StartCalls } from './start-calls.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4';
const GRACE_MS = 10_000;

/** The service, listening. */
export interface StartedService {
  readonly address: Address;
  /** Where it listens besides. */
  readonly extra: readonly Address[];
  readonly faults: Faults;
  readonly metrics: Metrics;
  readonly chance: Chance;
  readonly startCalls: StartCalls;
  /** Call after every change of the faults: closes or opens its ports as they demand. */
  applyRefusal(): Promise<void>;
  /** Healthz says 503 and every answer ends its connection for `drainMs`; then it closes, in-flight requests first. */
  stop(drainMs: number): Promise<void>;
}

export async function startService(settings: ServiceSettings): Promise<StartedService> {
  const capacity = new Capacity(settings.concurrency, settings.queue);
  const chance = new Chance(settings.seed);
  const { instance, zone } = settings;
  const answers = new Answers(instance, zone, settings.answers);
  const agent = onwardAgent();
  const startCalls = new StartCalls(settings.startCalls, agent);
  await startCalls.make();
  const site: Site = {
    answers,
    capacity,
    faults: new Faults(chance.fault),
    metrics: new Metrics(capacity),
    serviceTime: settings.serviceTime,
    chance,
    calls: settings.calls,
    startCalls,
    propagates: settings.propagates,
    agent,
  };
  const { faults, metrics } = site;
  const ofGrpc: Site = { ...site, answers: new GrpcAnswers(instance, zone, settings.answers.bytes) };
  const serve = (request: Request, response: Response) => {
    if (settings.protocol === 'grpc' && isGrpc(request)) exchange(ofGrpc, request, response);
    else answer(site, answers, request, response);
  };
  const make = settings.protocol === 'http1' ? () => httpPort(serve, settings) : () => http2Port(serve);
  const listeners = await listenOn([settings.port, ...settings.extraPorts], settings.host, make);
  const [address, ...extra] = listeners.map((listener) => listener.address);
  if (address === undefined) throw new Error('no port to listen on');
  return {
    address,
    extra,
    faults,
    metrics,
    chance,
    startCalls,
    async applyRefusal() {
      await Promise.all(listeners.map((listener) => listener.setOpen(!faults.refusing)));
    },
    async stop(drainMs) {
      answers.endConnections = true;
      await sleep(drainMs);
      faults.clear();
      await Promise.all(listeners.map((listener) => listener.stop(GRACE_MS)));
      agent.destroy();
    },
  };
}

/** A listener on each port, or on none. */
async function listenOn(
  ports: readonly number[],
  host: string,
  make: () => Port,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const port of ports) listeners.push(await Listener.start(make(), host, port));
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.stop(0)));
    throw error;
  }
}

/** A port that speaks HTTP/1.1. */
function httpPort(
  serve: (request: Request, response: Response) => void,
  { keepAliveMs }: Pick<ServiceSettings, 'keepAliveMs'>,
): Port {
  const server = nodeHttp.createServer(serve);
  // A server that closes idle connections races the proxy: Envoy may have just sent a request on one, and
  // reports 503 UC. https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts
  server.keepAliveTimeout = keepAliveMs;
  // Node stays open a second longer than it tells clients in a header. No proxy reads that, and few servers do so.
  server.keepAliveTimeoutBuffer = 0;
  // These two would close a connection that Envoy opened ahead of its first request.
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  return {
    server,
    // It does that by itself.
    endIdle: () => {},
    endAll: () => server.closeAllConnections(),
  };
}

function answer(site: Site, answers: Answers, request: Request, response: Response): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && request.url === '/healthz') {
    if (answers.endConnections) answers.error(response, 503, 'shutting down');
    else answers.text(response, 200, 'ok', 'text/plain');
    return;
  }
  if (isRead && request.url === '/metrics') {
    answers.text(response, 200, site.metrics.toString(), METRICS_TYPE);
    return;
  }
  exchange(site, request, response);
}

function exchange(site: Site, request: Request, response: Response): void {
  const one = new Exchange(site, request, response);
  if (hasBody(request)) {
    // Answering before the body is in makes a proxy close the connection, or reset the request.
    request.resume();
    request.once('end', () => one.arrive());
  } else {
    one.arrive();
  }
}

function hasBody(request: Request): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
