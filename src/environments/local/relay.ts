import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { eventually, notYet, notYetSince, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { ProgramSpec } from '../../kit/supervisor/client.ts';
import type { HostRelay } from '../../meshes/contract.ts';
import type { Disturbance, LinkAction } from '../../model/fault.ts';
import { type Instance, type Link, portsOf } from '../../model/topology.ts';
import { type LabContext, startTimeoutMs } from './context.ts';

/** Usual ports of the relay on an address of its own: of its REST interface, and of the first link. */
export const relayPorts = { api: 8_474, firstLink: 20_000 } as const;

type Server = Pick<Instance, 'name' | 'port' | 'extraPorts'> & { readonly address: string };

/** One port of a link: what Toxiproxy calls a proxy. */
interface Proxy {
  readonly name: string;
  readonly link: Link;
  readonly servicePort: number;
  readonly port: number;
  /** "127.1.2.3:8080", the sidecar. */
  readonly upstream: string;
}

/** What a disturbance is to Toxiproxy, for one of the two streams of a connection. */
interface Toxic {
  readonly type: string;
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

/** The wished ports of the links to these replicas, in a row. */
export const linkPorts = (links: readonly Link[], servers: readonly Omit<Server, 'address'>[]) =>
  places(links, servers).map((_, index) => relayPorts.firstLink + index);

const places = <S extends Omit<Server, 'address'>>(links: readonly Link[], servers: readonly S[]) =>
  links.flatMap((link) =>
    servers
      .filter(({ name }) => name === link.to)
      .flatMap((server) => portsOf(server).map((servicePort) => ({ link, server, servicePort }))),
  );

const requestTimeoutMs = 5_000;

/**
 * Toxiproxy between callers and sidecars: one program with a port for every link, which passes on bytes and knows
 * nothing of what they mean.
 * https://github.com/Shopify/toxiproxy#http-api
 */
export class Relay {
  readonly #address: string;
  readonly #api: number;
  readonly #proxies: readonly Proxy[];

  constructor(
    links: readonly Link[],
    servers: readonly Server[],
    address: string,
    port: (usual: number) => number,
  ) {
    this.#address = address;
    this.#api = port(relayPorts.api);
    this.#proxies = places(links, servers).map(({ link, server, servicePort }, index) => ({
      name: `link-${index + 1}`,
      link,
      servicePort,
      port: port(relayPorts.firstLink + index),
      upstream: `${server.address}:${servicePort}`,
    }));
  }

  get api(): string {
    return `http://${this.#address}:${this.#api}`;
  }

  /** Where callers find a replica. */
  of(instance: string): readonly HostRelay[] {
    const own = this.#proxies.filter(({ link }) => link.to === instance);
    return [...Map.groupBy(own, ({ link }) => link.from)].map(([from, proxies]) => ({
      from,
      address: this.#address,
      ports: new Map(proxies.map(({ servicePort, port }) => [servicePort, port])),
    }));
  }

  /** Which proxy stands on which link: lines of text. */
  lines(): readonly string[] {
    return this.#proxies.map(
      ({ name, link, upstream }) => `${name}: ${link.from} → ${link.to} (${upstream})`,
    );
  }

  async program(path: string, directory: string, logs: string): Promise<ProgramSpec> {
    const config = join(directory, 'toxiproxy.json');
    const proxies = this.#proxies.map(({ name, port, upstream }) => ({
      name,
      listen: `${this.#address}:${port}`,
      upstream,
      enabled: true,
    }));
    await writeFile(config, JSON.stringify(proxies));
    return {
      name: 'toxiproxy',
      command: path,
      args: ['-host', this.#address, '-port', String(this.#api), '-config', config],
      // Otherwise it writes a line for every connection.
      env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'error', GOMAXPROCS: '1' },
      cwd: directory,
      log: join(logs, 'toxiproxy.log'),
    };
  }

  /** Whether it listens on every link. */
  async ready(): Promise<Ready> {
    try {
      const { body } = await http(`${this.api}/proxies`, { timeoutMs: 1_000 });
      const listening = JSON.parse(body) as Readonly<Record<string, { readonly enabled?: boolean }>>;
      const missing = this.#proxies.filter(({ name }) => listening[name]?.enabled !== true);
      return missing.length === 0 ? undefined : notYet(`it does not listen for ${missing.length} links`);
    } catch (error) {
      return notYetSince(error);
    }
  }

  /** Resolves when connections that are open are disturbed as well, or are no more. */
  async perform({ do: does, target, id, disturbance }: LinkAction): Promise<void> {
    const proxies = this.#proxies.filter(({ link }) => link.from === target.from && link.to === target.to);
    if (proxies.length === 0) throw new Error(`no relay stands on ${target.from} → ${target.to}`);
    const toxics = toxicsOf(disturbance);
    await Promise.all(
      proxies.flatMap(({ name: proxy }) =>
        toxics.map((toxic) => {
          const name = `${id}-${toxic.stream}`;
          return does === 'disturb-link' ? this.#add(proxy, name, toxic) : this.#remove(proxy, name);
        }),
      ),
    );
  }

  #add(proxy: string, name: string, toxic: Toxic): Promise<void> {
    return this.#ask('POST', `/proxies/${proxy}/toxics`, JSON.stringify({ name, ...toxic, toxicity: 1 }));
  }

  #remove(proxy: string, name: string): Promise<void> {
    return this.#ask('DELETE', `/proxies/${proxy}/toxics/${encodeURIComponent(name)}`);
  }

  async #ask(method: 'POST' | 'DELETE', path: string, body?: string): Promise<void> {
    const { status, body: said } = await http(`${this.api}${path}`, {
      method,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
      timeoutMs: requestTimeoutMs,
    });
    // What was never made, since that was interrupted, is taken back all the same.
    if (status < 300 || (method === 'DELETE' && status === 404)) return;
    throw environmentError(`the relay answered ${status} to ${method} ${path}: ${said.slice(0, 200)}`);
  }
}

/** Starts the relay of a lab. */
export async function startRelay(
  relay: Relay,
  { found, programs, request }: Pick<LabContext, 'found' | 'programs' | 'request'>,
): Promise<void> {
  const { directory, logs, signal } = request;
  const path = found.paths['toxiproxy'] ?? '';
  const program = await programs.launch(await relay.program(path, directory, logs));
  await program.until(
    eventually(() => relay.ready(), {
      waitingFor: 'the relay to listen',
      timeoutMs: startTimeoutMs,
      signal,
    }),
  );
}

/** How a person disturbs the network of a lab: lines of text. */
export const relayLines = (relay: Relay): readonly string[] => [
  'Disturb the network between them:',
  ...relay.lines().map((line) => `  ${line}`),
  `  curl ${relay.api}/proxies/link-1/toxics -d '{"type":"latency","stream":"upstream","attributes":{"latency":500}}'`,
];

function toxicsOf(disturbance: Disturbance): readonly Toxic[] {
  switch (disturbance.kind) {
    case 'latency': {
      // Toxiproxy spreads the jitter to both sides of the latency.
      const half = disturbance.jitterMs / 2;
      const attributes = { latency: Math.round(disturbance.delayMs + half), jitter: Math.round(half) };
      return [{ type: 'latency', stream: 'upstream', attributes }];
    }
    case 'bandwidth':
      return onBoth('bandwidth', { rate: disturbance.bytesPerSecond / 1_000 });
    case 'loss': {
      const lost = onBoth('timeout', { timeout: 0 });
      return disturbance.of === 'both'
        ? lost
        : lost.filter(({ stream }) => stream === (disturbance.of === 'requests' ? 'upstream' : 'downstream'));
    }
    case 'reset':
      return onBoth('reset_peer', { timeout: 0 });
  }
}

const onBoth = (type: string, attributes: Toxic['attributes']): readonly Toxic[] =>
  (['upstream', 'downstream'] as const).map((stream) => ({ type, stream, attributes }));
