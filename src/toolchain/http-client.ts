import { readdir, readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { RequestInit, Response } from 'undici';
import { hideInAddress, parseAddress } from '../kit/address.ts';
import { usageError } from '../kit/errors.ts';
import type { ToolContext } from './context.ts';

/** Who does not answer by then is not to be reached: whatever else makes a program should not wait for it. */
const CONNECT_TIMEOUT_MS = 4_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** Where Docker and Podman keep certificate authorities, a folder a registry. */
const CERTIFICATE_FOLDERS = ['/etc/docker/certs.d', '/etc/containers/certs.d'];

export type { Response };

/** Requests by way of the operator's proxies, and with their certificate authorities. */
export interface HttpClient extends AsyncDisposable {
  fetch(url: URL, init?: RequestInit): Promise<Response>;
}

/**
 * A client that heeds HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the context's environment, and trusts what Node trusts,
 * what the system trusts, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, and what Docker and Podman trust of `hosts`.
 */
export async function httpClient(
  context: Pick<ToolContext, 'env' | 'certificateFolders'>,
  hosts: readonly string[] = [],
): Promise<HttpClient> {
  const { env } = context;
  const ca = await authorities(context, hosts);
  // Its import takes a tenth of a second, and most commands fetch nothing.
  const { Agent, EnvHttpProxyAgent, fetch } = await import('undici');
  // Hundreds of certificates are read once, and not for each connection.
  const connect = { secureContext: createSecureContext({ ca }), timeout: CONNECT_TIMEOUT_MS };
  const agent = new EnvHttpProxyAgent({
    httpProxy: proxy(env, 'http_proxy'),
    httpsProxy: proxy(env, 'https_proxy'),
    noProxy: [variable(env, 'no_proxy'), 'localhost,127.0.0.1,::1'].filter(Boolean).join(','),
    connect,
    requestTls: connect,
    proxyTls: connect,
    headersTimeout: HEADERS_TIMEOUT_MS,
  });
  const direct = new Agent({ connect, headersTimeout: HEADERS_TIMEOUT_MS });
  const isNear = addressesIn(variable(env, 'no_proxy'));
  return {
    fetch: (url, init) => fetch(url, { ...init, dispatcher: isNear(url.hostname) ? direct : agent }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([agent.destroy(), direct.destroy()]);
    },
  };
}

/** Whether a host is an address in one of the networks ("10.0.0.0/8") of a NO_PROXY, which Go and curl know as well. */
function addressesIn(text: string): (host: string) => boolean {
  const networks = new BlockList();
  for (const entry of text.split(/[,\s]+/)) {
    const [, network = '', length = ''] = /^\[?([\da-f.:]+)\]?\/(\d+)$/i.exec(entry) ?? [];
    const family = isIP(network);
    if (family === 0 || Number(length) > (family === 4 ? 32 : 128)) continue;
    networks.addSubnet(network, Number(length), family === 4 ? 'ipv4' : 'ipv6');
  }
  return (host) => {
    const address = host.replace(/^\[(.+)\]$/, '$1');
    const family = isIP(address);
    return family !== 0 && networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** As curl and Go read it: the small letters first. */
function variable(env: NodeJS.ProcessEnv, name: string): string {
  return env[name] || env[name.toUpperCase()] || '';
}

/** Empty, which is no proxy, where none is set. */
function proxy(env: NodeJS.ProcessEnv, name: string): string {
  const text = variable(env, name);
  if (text === '') return '';
  // curl takes a proxy without a scheme for one over HTTP.
  const address = text.includes('://') ? text : `http://${text}`;
  if (parseAddress(address) !== undefined) return address;
  throw usageError(
    `${name.toUpperCase()} is no http or https address: ${hideInAddress(text)}`,
    'such as http://proxy.example.com:3128',
  );
}

async function authorities(
  { env, certificateFolders = CERTIFICATE_FOLDERS }: Pick<ToolContext, 'env' | 'certificateFolders'>,
  hosts: readonly string[],
): Promise<string[]> {
  const named = [env['SSL_CERT_FILE'], env['NODE_EXTRA_CA_CERTS']].filter((path) => path !== undefined);
  const folders = certificateFolders.flatMap((folder) => hosts.map((host) => join(folder, host)));
  const ofHosts = await Promise.all(folders.map(certificatesIn));
  const files = [...named, ...ofHosts.flat()];
  // What cannot be read is not trusted; the connection says so then.
  const read = await Promise.all(files.map((path) => readFile(path, 'utf8').catch(() => '')));
  const given = read.filter((text) => text.includes('BEGIN CERTIFICATE'));
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...given])];
}

async function certificatesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
}

/** An answer that says to wait for at most so long is waited for; one that says more, or a day, is a refusal. */
const LONGEST_WISH_MS = 20_000;

/** How long a server wants nobody to ask again: its Retry-After, in seconds or as a date; undefined without. */
export function wishedWaitMs({ headers }: Pick<Response, 'headers'>, nowMs = Date.now()): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Whether it wants more patience than anybody has who waits for a program. */
export const isLongWait = (ms: number | undefined): ms is number => ms !== undefined && ms > LONGEST_WISH_MS;

/** Why a request got no answer, in the words of the system: fetch hides them in the cause. */
export function reasonOfNoAnswer(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  // Of several addresses, each refused by itself, the first says enough.
  const [first = cause] = cause instanceof AggregateError ? cause.errors : [cause];
  const { code } = first as NodeJS.ErrnoException;
  const inner = first.message || code;
  return message === 'fetch failed' ? inner : `${message} (${inner})`;
}
