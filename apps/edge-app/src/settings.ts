import { hostname } from 'node:os';
import { type AnswerDefaults, MAX_BODY_BYTES } from './answers.ts';
import { parseSeed, randomSeed, SEED_TEXT } from './chance.ts';
import { InputError } from './input-error.ts';
import { nodeHttp } from './node-http.ts';
import type { OnwardCall } from './onward.ts';
import { parseDurationMs, parseServiceTime, type ServiceTime } from './service-time.ts';

export interface ServiceSettings {
  readonly host: string;
  readonly port: number;
  /** Where it listens besides, on the same host. */
  readonly extraPorts: readonly number[];
  /** What it speaks on them: HTTP/2 is h2c, by prior knowledge. */
  readonly protocol: Protocol;
  readonly instance: string;
  readonly zone: string;
  readonly serviceTime: ServiceTime;
  /** What service times and faults are drawn from. */
  readonly seed: number;
  readonly answers: AnswerDefaults;
  readonly concurrency: number;
  readonly queue: number;
  readonly calls: readonly OnwardCall[];
  /** Calls that it makes once, before it listens; where one fails, it answers 503 to everything. */
  readonly startCalls: readonly OnwardCall[];
  /** Whether calls carry the trace of the request that they are made for. */
  readonly propagates: boolean;
  /** How long a connection may be idle before it is closed. */
  readonly keepAliveMs: number;
}

const protocols = ['http1', 'http2', 'grpc'] as const;
type Protocol = (typeof protocols)[number];

export interface Settings {
  readonly service: ServiceSettings;
  readonly control: { readonly host: string; readonly port: number };
  readonly drainMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment variables; throws InputError with every problem in it. */
export function readSettings(environment: Environment): Settings {
  const problems: string[] = [];

  function read<T>(
    name: string,
    fallback: string,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T {
    const text = environment[name] ?? fallback;
    const value = parse(text);
    if (value === undefined) problems.push(`${name}: expected ${expected}, got ${JSON.stringify(text)}`);
    return value as T;
  }
  const optional = <T>(name: string, expected: string, parse: (text: string) => T | undefined) =>
    environment[name] ? read(name, '', expected, parse) : undefined;
  const port = (name: string, fallback: string) =>
    read(name, fallback, 'a port from 0 to 65535', (text) => parseWhole(text, 0, 65_535));
  const host = (name: string) => read(name, '127.0.0.1', 'an address', (text) => text || undefined);

  const calls = (name: string) =>
    read(
      name,
      '[]',
      'a JSON array of {"url": "http://…", "host": "…", "headers": {"…": "…"}} without other fields',
      parseCalls,
    );

  const settings: Settings = {
    service: {
      host: host('HOST'),
      port: port('PORT', '8080'),
      extraPorts: read('EXTRA_PORTS', '', 'ports from 0 to 65535 with commas between them', parsePorts),
      protocol: read('PROTOCOL', 'http1', protocols.join(' or '), (text) =>
        protocols.find((protocol) => protocol === text),
      ),
      instance: read('INSTANCE', hostname(), 'a name that fits in a header', parseHeaderValue),
      zone: read('ZONE', '', 'a name that fits in a header', parseHeaderValue),
      serviceTime: read(
        'SERVICE_TIME',
        'constant:0ms',
        'constant:5ms, exponential:5ms or lognormal:5ms,20ms (median, p99), of an hour at most',
        parseServiceTime,
      ),
      seed: read('SEED', String(randomSeed()), SEED_TEXT, parseSeed),
      answers: {
        bytes: optional('BYTES', `a whole number up to ${MAX_BODY_BYTES}`, (text) =>
          parseWhole(text, 0, MAX_BODY_BYTES),
        ),
        maxAgeS: optional('MAX_AGE', 'a whole number of seconds', (text) => parseWhole(text, 0)),
      },
      concurrency: read('CONCURRENCY', '1000', 'a whole number from 1', (text) => parseWhole(text, 1)),
      queue: read('QUEUE', '10000', 'a whole number from 0', (text) => parseWhole(text, 0)),
      calls: calls('CALLS'),
      startCalls: calls('START_CALLS'),
      propagates: read('PROPAGATE', 'true', 'true or false', parseBoolean),
      // Envoy keeps idle connections to its app for an hour, so that it is always the one that closes.
      keepAliveMs: read('KEEP_ALIVE', '7200s', 'a duration from 1ms to a day', parseKeepAlive),
    },
    control: { host: host('CONTROL_HOST'), port: port('CONTROL_PORT', '8081') },
    drainMs: read('DRAIN', '0ms', 'a duration such as 500ms or 5s', parseDurationMs),
  };
  if (problems.length > 0) throw new InputError(problems);
  return settings;
}

function parseWhole(text: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
}

/** "18082,18083"; none where there is no text. */
function parsePorts(text: string): number[] | undefined {
  const ports = text === '' ? [] : text.split(',').map((part) => parseWhole(part, 0, 65_535));
  return ports.every((port) => port !== undefined) ? ports : undefined;
}

function parseHeaderValue(text: string): string | undefined {
  try {
    nodeHttp.validateHeaderValue('x-edge-app', text);
    return text;
  } catch {
    return undefined;
  }
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
}

function parseKeepAlive(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms >= 1 && ms <= 86_400_000 ? ms : undefined;
}

function parseCalls(text: string): OnwardCall[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(parseCall) : undefined;
  } catch {
    return undefined;
  }
}

/** Throws when it is none. */
function parseCall(item: unknown): OnwardCall {
  const { url: urlText, host, headers = {}, ...others } = item as Record<string, unknown>;
  const url = new URL(urlText as string);
  const name = host ?? url.host;
  if (url.protocol !== 'http:' || typeof name !== 'string' || Object.keys(others).length > 0) {
    throw new TypeError('not an onward call');
  }
  nodeHttp.validateHeaderValue('host', name);
  return { url, host: name, headers: parseHeaders(headers) };
}

/** Throws when they are none. */
function parseHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new TypeError('not a map of headers');
  }
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw new TypeError('not a header');
    nodeHttp.validateHeaderName(name);
    nodeHttp.validateHeaderValue(name, value);
  }
  return headers as Record<string, string>;
}
