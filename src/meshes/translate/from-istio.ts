import { isDeepStrictEqual } from 'node:util';
import { type Path, valueAt } from '../../kit/path.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import {
  FieldReader,
  type Loss,
  type Read,
  type RouteIntent,
  type RouteMatch,
  type ServiceIntent,
  type TextMatch,
} from './intent.ts';

/** Why some of Istio's settings are lost on Consul. */
const why: Readonly<Record<string, string>> = {
  maxRequestsPerConnection: 'Consul does not say how many requests a connection carries',
  idleTimeout: 'Consul has an idle timeout for routes, and none for connections',
  perTryTimeout: 'Consul limits all attempts together, and none of them alone',
  fault: 'fault injection is in Consul Enterprise only',
  mirror: 'Consul sends no copies of requests',
  mirrors: 'Consul sends no copies of requests',
  corsPolicy: 'Consul has no setting for it',
  localityLbSetting:
    'routing by locality is in Consul Enterprise only; a service-resolver fails over to subsets',
  consecutiveGatewayErrors: 'Consul counts all 5xx together',
  consistentHash: 'written by hand: HashPolicies of a service-resolver',
  tls: 'sidecars of Consul always speak mTLS with each other',
  portLevelSettings: 'a service of Consul has one port',
  exportTo: 'every service of Consul sees it',
  gateways: 'Consul has entries of their own for gateways',
  ignoreUriCase: 'matches in any case came with a later Consul than 1.16',
  sourceLabels: 'a service-router is for all callers',
  sourceNamespace: 'a service-router is for all callers',
  simple: 'Consul has no such balancing',
  loadBalancer: 'Consul has no such balancing',
  headers: 'written by hand: RequestHeaders and ResponseHeaders of a service-router',
  minHealthPercent: 'the panic threshold of Consul is 0',
};

/** "cart.shop.svc.cluster.local" → "cart"; undefined for a host that is no service of the mesh, or for several. */
function serviceNamed(host: unknown): string | undefined {
  const [, name] =
    /^([a-z\d-]+)(?:\.[a-z\d-]+(?:\.svc(?:\.cluster\.local)?)?)?$/i.exec(String(host ?? '')) ?? [];
  return name;
}

const notAService = 'entries of Consul are for one service of the mesh';

const balancings: Readonly<Record<string, string>> = {
  UNSPECIFIED: 'least-request',
  LEAST_REQUEST: 'least-request',
  LEAST_CONN: 'least-request',
  ROUND_ROBIN: 'round-robin',
  RANDOM: 'random',
};

/** What becomes of requests without their being sent on, or by what somebody else says. */
const otherEnds: Readonly<Record<string, string>> = {
  delegate: 'Consul has no routes that are written elsewhere',
  redirect: 'Consul answers with no redirects',
  directResponse: 'Consul answers nothing by itself',
};

/** What DestinationRules and VirtualServices mean. */
export function fromIstio(resources: readonly MeshResource[]): Read {
  const read = resources.map((resource) => {
    switch (resource.kind) {
      case 'DestinationRule':
        return destinationRule(new FieldReader(resource));
      case 'VirtualService':
        return virtualService(new FieldReader(resource));
      default: {
        const loss = new FieldReader(resource).loss([], `a ${resource.kind} is not translated`);
        return { intents: [], losses: [loss] };
      }
    }
  });
  return { intents: read.flatMap(({ intents }) => intents), losses: read.flatMap(({ losses }) => losses) };
}

function destinationRule(fields: FieldReader): Read {
  const service = serviceNamed(fields.take('spec', 'host'));
  if (service === undefined) return { intents: [], losses: [fields.loss(['spec', 'host'], notAService)] };
  const policy: Path = ['spec', 'trafficPolicy'];
  const pool = [...policy, 'connectionPool'];
  const outlier = [...policy, 'outlierDetection'];
  const detects = fields.keys(...outlier).length > 0;
  const losses: Loss[] = [];
  const subsets = Object.fromEntries(
    Array.from({ length: fields.count('spec', 'subsets') }, (_, index) => {
      const labels = fields.take('spec', 'subsets', index, 'labels') as Record<string, string> | undefined;
      return [fields.text('spec', 'subsets', index, 'name') ?? '', labels ?? {}];
    }),
  );
  const locality = [...policy, 'loadBalancer', 'localityLbSetting'];
  // Switched off it asks for what Consul does.
  if (isDeepStrictEqual(valueAt(fields.resource.value, locality), { enabled: false }))
    fields.take(...locality);
  const simple = valueAt(fields.resource.value, [...policy, 'loadBalancer', 'simple']) ?? 'LEAST_REQUEST';
  const balancing = balancings[String(simple)];
  if (balancing !== undefined) fields.take(...policy, 'loadBalancer', 'simple');
  const intent: ServiceIntent = {
    service,
    pool: {
      ...some('connections', fields.number(...pool, 'tcp', 'maxConnections')),
      ...some('pending', fields.number(...pool, 'http', 'http1MaxPendingRequests')),
      ...some('requests', fields.number(...pool, 'http', 'http2MaxRequests')),
    },
    ...some('connectTimeout', fields.text(...pool, 'tcp', 'connectTimeout')),
    ejection: {
      errors: detects ? (fields.number(...outlier, 'consecutive5xxErrors') ?? 5) : 0,
      interval: fields.text(...outlier, 'interval') ?? '10s',
      base: fields.text(...outlier, 'baseEjectionTime') ?? '30s',
      mostPercent: fields.number(...outlier, 'maxEjectionPercent') ?? 10,
    },
    ...some('balancing', balancing),
    subsets,
    routes: [],
  };
  losses.push(...fields.left(['spec'], why, 'Consul has no setting for it'));
  return { intents: [intent], losses };
}

function virtualService(fields: FieldReader): Read {
  const losses: Loss[] = [];
  const hosts = Array.from({ length: fields.count('spec', 'hosts') }, (_, index) => {
    const service = serviceNamed(fields.take('spec', 'hosts', index));
    if (service === undefined) losses.push(fields.loss(['spec', 'hosts', index], notAService));
    return service;
  }).filter((service) => service !== undefined);
  const routes = Array.from({ length: fields.count('spec', 'http') }, (_, index) =>
    routeAt(fields, ['spec', 'http', index], losses),
  ).filter((route) => route !== undefined);
  for (const kind of ['tls', 'tcp'] as const) {
    if (fields.take('spec', kind) === undefined) continue;
    losses.push(fields.loss(['spec', kind], 'Consul routes requests, and no connections'));
  }
  losses.push(...fields.left(['spec'], why, 'Consul has no setting for it'));
  return {
    intents: hosts.map((service) => ({ service, pool: {}, subsets: {}, routes })),
    losses,
  };
}

/** One route; undefined, and a loss with why, where Consul can have nothing like it. */
function routeAt(fields: FieldReader, at: Path, losses: Loss[]): RouteIntent | undefined {
  const without = (path: Path, because: string) => {
    fields.take(...at);
    losses.push(fields.loss(path, `${because}; this route is left out`));
    return undefined;
  };
  const other = fields.keys(...at).find((key) => Object.hasOwn(otherEnds, key));
  if (other !== undefined) return without([...at, other], otherEnds[other] ?? '');
  fields.take(...at, 'name');
  const count = fields.count(...at, 'match');
  const matches = Array.from({ length: count }, (_, index) =>
    matchAt(fields, [...at, 'match', index], losses),
  ).filter((match) => match !== undefined);
  if (count > 0 && matches.length === 0) {
    fields.take(...at);
    return undefined;
  }
  const to = Array.from({ length: fields.count(...at, 'route') }, (_, index) => {
    const route = [...at, 'route', index];
    fields.take(...route, 'destination', 'port', 'number');
    return {
      service: serviceNamed(fields.take(...route, 'destination', 'host')) ?? '',
      ...some('subset', fields.text(...route, 'destination', 'subset')),
      weight: fields.number(...route, 'weight') ?? 0,
    };
  });
  const foreign = to.findIndex(({ service }) => service === '');
  if (foreign >= 0) return without([...at, 'route', foreign, 'destination', 'host'], notAService);
  if (to.length > 1 && to.every(({ weight }) => weight === 0))
    return without([...at, 'route'], 'none of its destinations has a weight');
  const attempts = fields.number(...at, 'retries', 'attempts');
  const retryOn = fields.text(...at, 'retries', 'retryOn');
  const conditions = (retryOn ?? 'connect-failure,refused-stream,unavailable,cancelled')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'retriable-status-codes');
  return {
    matches,
    to: to.length === 1 ? to.map((each) => ({ ...each, weight: 100 })) : to,
    timeout: fields.text(...at, 'timeout') ?? 'none',
    // Istio tries twice again where nothing is said.
    retries: { attempts: attempts ?? 2, conditions },
    ...some('prefix', fields.text(...at, 'rewrite', 'uri')),
  };
}

/** One condition; undefined, and losses, where a part of it cannot be said. */
function matchAt(fields: FieldReader, at: Path, losses: Loss[]): RouteMatch | undefined {
  const headers = fields
    .keys(...at, 'headers')
    .map((name) => [name, textAt(fields, [...at, 'headers', name])]);
  const path = fields.keys(...at, 'uri').length > 0 ? textAt(fields, [...at, 'uri']) : undefined;
  const method = fields.text(...at, 'method', 'exact');
  fields.take(...at, 'name');
  const query = fields.keys(...at, 'queryParams').flatMap((name) => {
    const parameter = [...at, 'queryParams', name];
    const isPrefix = fields.keys(...parameter).includes('prefix');
    return isPrefix ? [] : [[name, textAt(fields, parameter)] as const];
  });
  const without = fields.keys(...at, 'withoutHeaders').filter((name) => {
    const isPresence = fields.keys(...at, 'withoutHeaders', name).length === 0;
    if (isPresence) fields.take(...at, 'withoutHeaders', name);
    return isPresence;
  });
  const left = fields.leftOut(at, { ...why, ...whyOfMatches }, 'Consul has no setting for it');
  losses.push(...(left ?? []));
  return left === undefined
    ? {
        ...some('path', path),
        methods: method === undefined ? [] : [method],
        headers: Object.fromEntries(headers),
        without,
        query: Object.fromEntries(query),
      }
    : undefined;
}

const whyOfMatches: Readonly<Record<string, string>> = {
  method: 'Consul takes names of methods alone',
  queryParams: 'Consul looks at parameters whole, or by a regular expression',
  withoutHeaders: 'Consul leaves out requests by a header that is there, whatever its value',
};

function textAt(fields: FieldReader, at: Path): TextMatch {
  for (const kind of ['exact', 'prefix', 'regex'] as const) {
    const value = fields.text(...at, kind);
    if (value !== undefined) return { kind, value };
  }
  fields.take(...at);
  return { kind: 'present', value: '' };
}

const some = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [Name in Key]?: Value };
