import { usageError } from '../kit/errors.ts';
import { nearest, quote } from '../kit/nearest.ts';
import {
  type LimitName,
  limitNames,
  NO_LIMIT,
  PER_CONNECTION,
  type PoolLimits,
} from '../model/pool-limits.ts';

export interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}

/** What is asked for over each protocol unless told otherwise. */
export const usualLimits: Readonly<Record<'http1' | 'http2', readonly LimitName[]>> = {
  http1: ['tcp.maxConnections', 'http.http1MaxPendingRequests'],
  http2: ['http.http2MaxRequests'],
};

/** The limit of how many wait for a connection. */
export const QUEUE = 'http.http1MaxPendingRequests' satisfies LimitName;

/** Whether a limit is how many may be under way, connections or requests. */
export const isPool = (name: LimitName) => name === 'tcp.maxConnections' || name === 'http.http2MaxRequests';

/** Whether anybody is refused because of a limit. */
export const refuses = (name: LimitName) => name !== PER_CONNECTION;

/** What Envoy can hold, less than which Istio takes as no limit. */
const mostLimit = 1_000_000;

/** "tcp.maxConnections,http.http1MaxPendingRequests"; throws a usage error for names that are not searched. */
export function parseLimits(text: string): readonly LimitName[] {
  const names = text.split(',').map((name) => limitNamed(name.trim(), '--limits'));
  const again = names.find((name, index) => names.indexOf(name) !== index);
  if (again !== undefined) throw usageError(`--limits: ${again} is there twice`, 'name each limit once');
  const besides = names.find((name) => name !== 'http.http2MaxRequests' && name !== PER_CONNECTION);
  if (names.includes('http.http2MaxRequests') && besides !== undefined) {
    throw usageError(
      `--limits: http.http2MaxRequests is not searched together with ${besides}`,
      'over HTTP/2 requests share connections and none waits for one; over HTTP/1.1 leave it out, since it refuses there too',
    );
  }
  return limitNames.filter((name) => names.includes(name));
}

/** "tcp.maxConnections=5..200". */
export function parseBounds(text: string): { readonly name: LimitName; readonly bounds: Bounds } {
  const match = /^([^=]*)=(\d+)\.\.(\d+)$/.exec(text.replaceAll(' ', ''));
  if (match === null) {
    throw usageError(`--bounds: ${quote(text)} has no bounds`, 'write --bounds tcp.maxConnections=5..200');
  }
  const name = limitNamed(match[1] ?? '', '--bounds');
  const [lowest, highest] = [Number(match[2]), Number(match[3])];
  if (lowest < 1) {
    throw usageError(
      `--bounds: ${name} cannot be ${lowest}`,
      'Istio takes 0 as no limit at all; the smallest is 1',
    );
  }
  if (highest > mostLimit) {
    throw usageError(
      `--bounds: ${name} is at most ${mostLimit}, not ${highest}`,
      'a limit that large limits nothing',
    );
  }
  if (lowest > highest) {
    throw usageError(
      `--bounds: ${name} has nothing from ${lowest} to ${highest}`,
      'write the lower bound first',
    );
  }
  return { name, bounds: { lowest, highest } };
}

function limitNamed(name: string, option: string): LimitName {
  const found = limitNames.find((each) => each === name || each.split('.')[1] === name);
  if (found !== undefined) return found;
  const meant = nearest(name, [...limitNames, ...limitNames.map((each) => each.split('.')[1] ?? each)]);
  throw usageError(
    `${option}: no limit is called ${quote(name)}`,
    `${meant === undefined ? '' : `did you mean ${meant}? `}it takes ${limitNames.join(', ')}`,
  );
}

/** "maxConnections 24, http1MaxPendingRequests 6". */
export function describeLimits(limits: PoolLimits): string {
  const parts = limitNames.flatMap((name) =>
    limits[name] === undefined || limits[name] >= NO_LIMIT ? [] : [`${name.split('.')[1]} ${limits[name]}`],
  );
  return parts.length === 0 ? 'no limits' : parts.join(', ');
}
