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
  minHealthPercent: 'the panic threshold of Consul is 0',
};

const hostName = (host: unknown) => String(host ?? '').split('.')[0] ?? '';

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
  const simple = fields.text(...policy, 'loadBalancer', 'simple');
  const intent: ServiceIntent = {
    service: hostName(fields.take('spec', 'host')),
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
    balancing: (simple ?? 'LEAST_REQUEST')
      .toLowerCase()
      .replaceAll('_', '-')
      .replace('least-conn', 'least-request'),
    subsets,
    routes: [],
  };
  losses.push(...fields.left(['spec'], why, 'Consul has no setting for it'));
  return { intents: [intent], losses };
}

function virtualService(fields: FieldReader): Read {
  const hosts = Array.from({ length: fields.count('spec', 'hosts') }, (_, index) =>
    hostName(fields.take('spec', 'hosts', index)),
  );
  const losses: Loss[] = [];
  const routes = Array.from({ length: fields.count('spec', 'http') }, (_, index) =>
    routeAt(fields, ['spec', 'http', index], losses),
  );
  losses.push(...fields.left(['spec'], why, 'Consul has no setting for it'));
  return {
    intents: hosts.map((service) => ({ service, pool: {}, subsets: {}, routes })),
    losses,
  };
}

function routeAt(fields: FieldReader, at: Path, losses: Loss[]): RouteIntent {
  fields.take(...at, 'name');
  const matches = Array.from({ length: fields.count(...at, 'match') }, (_, index) =>
    matchAt(fields, [...at, 'match', index], losses),
  );
  const to = Array.from({ length: fields.count(...at, 'route') }, (_, index) => {
    const route = [...at, 'route', index];
    fields.take(...route, 'destination', 'port', 'number');
    return {
      service: hostName(fields.take(...route, 'destination', 'host')),
      ...some('subset', fields.text(...route, 'destination', 'subset')),
      weight: fields.number(...route, 'weight') ?? 0,
    };
  });
  const attempts = fields.number(...at, 'retries', 'attempts');
  const retryOn = fields.text(...at, 'retries', 'retryOn');
  const conditions = (retryOn ?? 'connect-failure,refused-stream,unavailable,cancelled')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'retriable-status-codes');
  return {
    matches,
    to: to.length === 1 ? to.map((each) => ({ ...each, weight: 100 })) : to,
    ...some('timeout', fields.text(...at, 'timeout')),
    // Istio tries twice again where nothing is said.
    retries: { attempts: attempts ?? 2, conditions },
    ...some('prefix', fields.text(...at, 'rewrite', 'uri')),
  };
}

function matchAt(fields: FieldReader, at: Path, losses: Loss[]): RouteMatch {
  const headers = fields
    .keys(...at, 'headers')
    .map((name) => [name, textAt(fields, [...at, 'headers', name])]);
  const path = fields.keys(...at, 'uri').length > 0 ? textAt(fields, [...at, 'uri']) : undefined;
  const method = fields.keys(...at, 'method').length > 0 ? textAt(fields, [...at, 'method']) : undefined;
  if (method !== undefined && method.kind !== 'exact') {
    losses.push(fields.loss([...at, 'method'], 'Consul takes names of methods alone'));
  }
  return {
    ...some('path', path),
    methods: method?.kind === 'exact' ? [method.value] : [],
    headers: Object.fromEntries(headers),
  };
}

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
