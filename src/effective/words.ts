import { formatCount, formatMs, formatPercent } from '../kit/format.ts';
import type {
  Cluster,
  Keepalive,
  LocalityMode,
  NamedMatch,
  Origin,
  ResourceName,
  RouteMatch,
  Rule,
  Setting,
  TextMatch,
  TlsMode,
} from '../model/effective.ts';

/** "mesh.yaml:19". */
export const placeOf = ({ file, line }: Setting) => `${file}:${line}`;

/** "DestinationRule/edge-app-dr". */
export const resourceText = ({ kind, name }: ResourceName) => `${kind}/${name}`;

/** Where a value comes from, in a few words: "mesh.yaml:19", "default of Istio". */
export function originText(from: Origin): string {
  switch (from.by) {
    case 'setting':
      return placeOf(from);
    case 'default':
      return `default of ${from.of}`;
    case 'resource':
      return `${resourceText(from.resource)} in ${from.resource.namespace}, not under test`;
    case 'scenario':
      return 'the scenario';
    case 'unknown': {
      const [maybe] = from.maybe;
      return maybe === undefined
        ? 'from where is not known'
        : `perhaps changed by ${resourceText(maybe.resource)}, ${placeOf(maybe)}`;
    }
  }
}

export const limitText = (value: number | null) => (value === null ? 'no limit' : formatCount(value));
export const timeText = (ms: number | null) => (ms === null ? 'no limit' : durationText(ms));

/** "every 500 ms, for 1 s". */
export const keepaliveText = (asked: Keepalive | null) =>
  asked === null
    ? 'not set'
    : `every ${durationText(asked.intervalMs)}, for ${durationText(asked.timeoutMs)}`;

/** "1 h", "300 ms". */
export function durationText(ms: number): string {
  return ms >= hourMs && ms % hourMs === 0 ? `${ms / hourMs} h` : formatMs(ms);
}

const hourMs = 3_600_000;
export const shareText = (share: number) => formatPercent(share);

/** "edge-app:8080", "edge-app:8080 subset v1". */
export function clusterText({ service, port, subset }: Pick<Cluster, 'service' | 'port' | 'subset'>): string {
  return `${service}:${port}${subset === undefined ? '' : ` subset ${subset}`}`;
}

/** "GET /v1/* with x-user present". */
export function matchText({ path, headers, query, more }: RouteMatch): string {
  const method = headers.find(({ name, kind, not }) => name === ':method' && kind === 'exact' && !not);
  const others = headers.filter((header) => header !== method);
  const conditions = conditionsText({ headers: others, query, ...(more ? { more } : {}) });
  const what = [method?.value, pathText(path)].filter((part) => part !== undefined).join(' ');
  return conditions === '' ? what : `${what} with ${conditions}`;
}

/** "DENY GET /stock*"; "ALLOW whatever else". */
export function ruleText({ does, match, rest }: Pick<Rule, 'does' | 'match' | 'rest'>): string {
  const word = does === 'deny' ? 'DENY' : 'ALLOW';
  if (match !== undefined) return `${word} ${matchText(match)}`;
  return rest ? `${word} whatever else` : word;
}

/** "x-user present, path: /search": all but the path of a route; empty where nothing else has to match. */
export function conditionsText({ headers, query, more }: Omit<RouteMatch, 'path'>): string {
  return [
    ...headers.map((header) => namedText(header)),
    ...query.map((parameter) => `?${namedText(parameter)}`),
    ...(more ? ['more that is not shown here'] : []),
  ].join(', ');
}

function pathText({ kind, value, ignoreCase }: TextMatch): string {
  const text =
    kind === 'prefix' || kind === 'segments' ? `${value}*` : kind === 'regex' ? `~${value}` : value;
  return ignoreCase ? `${text} (any case)` : text;
}

function namedText({ name, kind, value, not }: NamedMatch): string {
  const label = name.replace(/^:/, '');
  const no = not ? 'not ' : '';
  if (kind === 'present') return `${no}${label}`;
  const text = {
    exact: value,
    prefix: `${value}*`,
    segments: `${value}*`,
    suffix: `*${value}`,
    contains: `*${value}*`,
    regex: `~${value}`,
  };
  return `${no}${label}: ${text[kind]}`;
}

export const localityWords: Readonly<Record<LocalityMode, string>> = {
  none: 'all hosts alike',
  failover: 'the nearest first, others when too few of those are healthy',
  distribute: 'fixed shares',
};

export const tlsWords: Readonly<Record<TlsMode, string>> = {
  off: 'off: plaintext',
  auto: 'mTLS wherever the host has a sidecar',
  mesh: "mTLS with the mesh's certificates",
  simple: 'TLS without a certificate of its own',
  mutual: 'mTLS with certificates of its own',
};

export const acceptsWords = {
  mtls: 'mTLS only',
  both: 'mTLS and plaintext',
  plaintext: 'plaintext only',
} as const;
