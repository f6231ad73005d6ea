import { valueAt } from '../../../kit/path.ts';
import type { Filter, Inbound, Policy, Told } from '../../../model/effective.ts';
import { portsOf, type TopologyPlan } from '../../../model/topology.ts';
import type {
  EnvoyCluster,
  EnvoyFilterChain,
  EnvoyFilterConfig,
  EnvoyListener,
  EnvoyRbac,
  EnvoyRouteConfiguration,
} from '../../envoy/config-dump.ts';
import { type Place, settingAt, tell, within, writtenAt } from '../../told.ts';
import { list, texts } from '../configuration-hosts.ts';
import {
  type ClusterContext,
  readConnectTimeout,
  readIdleTimeout,
  readLimits,
  writtenFor,
} from './clusters.ts';
import { isCache, patchOrigin } from './filter-patches.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { readLocalRateLimits } from './rate-limits.ts';
import { type Workload, whyNotSelected } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

export interface InboundContext extends ClusterContext {
  readonly workload: Workload;
  readonly topology: TopologyPlan;
}

/** What a sidecar takes for its app, from its listeners and its clusters that lead to the app. */
export function readInbound(
  listeners: readonly EnvoyListener[],
  clusters: readonly EnvoyCluster[],
  context: InboundContext,
): readonly Inbound[] {
  const ports = new Map<number, EnvoyFilterChain[]>();
  for (const chain of listeners.filter(isInbound).flatMap(({ filter_chains }) => filter_chains ?? [])) {
    const port = chain.filter_chain_match?.destination_port;
    if (port !== undefined) ports.set(port, [...(ports.get(port) ?? []), chain]);
  }
  const served = [...ports].flatMap(([appPort, chains]) => {
    const cluster = clusters.find(({ name }) => name === `inbound|${appPort}||`);
    return cluster === undefined ? [] : [{ appPort, chains, cluster }];
  });
  const appPorts = served.map(({ appPort }) => appPort);
  const keeps = context.workload.instance.app?.keepAliveMs;
  return served.map(({ appPort, chains, cluster }) => {
    const port = servicePort(context, appPort, appPorts);
    const written = writtenFor(cluster, undefined, port, context);
    return {
      port,
      cluster: cluster.name,
      limits: readLimits(cluster, written),
      rule: written.rule,
      connectTimeoutMs: readConnectTimeout(cluster, written),
      idleTimeoutMs: readIdleTimeout(cluster, written),
      ...(keeps === undefined ? {} : { appKeepsMs: { value: keeps, from: { by: 'scenario' as const } } }),
      accepts: readAccepts(chains, appPort, context),
      filters: readFilters(chains, context),
    };
  });
}

/** Rules speak of the port that a service is called on; its app may listen on others, in the same order. */
function servicePort(
  { topology, workload }: InboundContext,
  appPort: number,
  appPorts: readonly number[],
): number {
  const service = topology.services.find(({ name }) => name === workload.instance.service);
  const ports = service === undefined ? [] : portsOf(service);
  if (ports.includes(appPort) || ports.length !== appPorts.length) return appPort;
  return ports[appPorts.toSorted((a, b) => a - b).indexOf(appPort)] ?? appPort;
}

export const isInbound = ({ traffic_direction }: EnvoyListener) => traffic_direction === 'INBOUND';
export const isOutbound = ({ traffic_direction }: EnvoyListener) => traffic_direction === 'OUTBOUND';

const peerModes: Readonly<Record<string, Inbound['accepts']['value']>> = {
  STRICT: 'mtls',
  PERMISSIVE: 'both',
  DISABLE: 'plaintext',
};

function readAccepts(
  chains: readonly EnvoyFilterChain[],
  port: number,
  { under, workload, topology, maybe }: InboundContext,
): Told<Inbound['accepts']['value']> {
  const withTls = chains.some(({ transport_socket }) => transport_socket?.typed_config?.common_tls_context);
  const without = chains.some(({ transport_socket }) => !transport_socket?.typed_config?.common_tls_context);
  const value = withTls ? (without ? 'both' : 'mtls') : 'plaintext';
  const told = tell<Inbound['accepts']['value']>(value, {
    places: peerAuthentications(under, workload).flatMap(([resource]) => [
      { resource, path: ['spec', 'portLevelMtls', String(port), 'mode'] },
      { resource, path: ['spec', 'mtls', 'mode'] },
    ]),
    read: (mode) => peerModes[String(mode)],
    fallbacks: topology.mtls === 'permissive' ? [{ value: 'both', of: 'Istio' }] : [],
    maybe,
  });
  const isTheScenarios = told.from.by === 'unknown' && told.from.maybe.length === maybe.length;
  return isTheScenarios && topology.mtls === 'strict' && value === 'mtls'
    ? { value, from: { by: 'scenario' } }
    : told;
}

/** Filters that sidecars have anyway and that refuse nothing by themselves. */
const ordinary = new Set([
  'envoy.filters.network.tcp_proxy',
  'envoy.filters.http.router',
  'envoy.filters.http.cors',
  'envoy.filters.http.fault',
  'envoy.filters.http.grpc_stats',
  'envoy.filters.http.grpc_web',
  'envoy.filters.http.alpn',
  'istio.stats',
  'istio.alpn',
  'istio.metadata_exchange',
  'envoy.filters.http.peer_metadata',
  'istio_authn',
]);

/**
 * What requests pass in these filter chains before they are routed, in order; `routes` are those that they meet behind
 * chains which do not have their own.
 */
export function readFilters(
  chains: readonly EnvoyFilterChain[],
  context: Pick<InboundContext, 'under' | 'workload'>,
  routes: readonly EnvoyRouteConfiguration[] = [],
): readonly Filter[] {
  // Chains for TLS and for plaintext have the same; connections of one kind may be refused before.
  const all = chains.flatMap(({ filters = [] }) =>
    filters.flatMap((filter) => {
      const { http_filters = [], route_config } = filter.typed_config ?? {};
      const behind = route_config === undefined ? routes : [route_config];
      return [filter, ...http_filters].map((each) => ({ filter: each, behind }));
    }),
  );
  const seen = new Set<string>();
  return all.flatMap(({ filter, behind }) => {
    const name = filter.name ?? '';
    if (name === 'envoy.filters.network.http_connection_manager' || ordinary.has(name)) return [];
    const key = JSON.stringify(filter);
    if (seen.has(key)) return [];
    seen.add(key);
    return readFilter(filter, name, behind, context);
  });
}

function readFilter(
  filter: EnvoyFilterConfig,
  name: string,
  routes: readonly EnvoyRouteConfiguration[],
  { under, workload }: Pick<InboundContext, 'under' | 'workload'>,
): readonly Filter[] {
  const { typed_config } = filter;
  const patches = () => patchOrigin(name, under, workload);
  if (name.endsWith('.rbac')) {
    return [
      ...authorization(typed_config?.rules, false, under),
      ...authorization(typed_config?.shadow_rules, true, under),
    ];
  }
  if (name.endsWith('.local_ratelimit')) return readLocalRateLimits(filter, routes, { under, workload });
  if (isCache(name)) {
    const type = typed_config?.type_url ?? typed_config?.['@type'] ?? name;
    return [{ kind: 'cache', joins: type.includes('cache_v2'), from: patches() }];
  }
  if (name.endsWith('.ratelimit')) return [{ kind: 'rate-limit', limit: undefined, from: patches() }];
  if (name.endsWith('.jwt_authn')) {
    const [resource] = under
      .ofKind('RequestAuthentication')
      .filter((each) => whyNotSelected(each, workload) === undefined);
    return [
      { kind: 'authentication', name, from: resource ? settingAt({ resource, path: ['spec'] }) : patches() },
    ];
  }
  if (name.endsWith('.ext_authz')) {
    const [resource] = under
      .ofKind('AuthorizationPolicy')
      .filter((each) => valueAt(each.value, ['spec', 'action']) === 'CUSTOM')
      .filter((each) => whyNotSelected(each, workload) === undefined);
    const from = resource ? settingAt({ resource, path: ['spec', 'provider'] }) : patches();
    return [{ kind: 'external-authorization', name, from }];
  }
  return [{ kind: 'other', name, from: patches() }];
}

/** "ns[default]-policy[no-delete]-rule[0]". */
const policyId = /^ns\[([^\]]*)\]-policy\[([^\]]*)\]-rule\[(\d+)\]$/;

function authorization(
  rules: EnvoyRbac | undefined,
  dryRun: boolean,
  under: ResourcesUnderTest,
): readonly Filter[] {
  if (rules === undefined) return [];
  const action = ({ DENY: 'deny', LOG: 'log', ALLOW: 'allow' } as const)[rules.action ?? 'ALLOW'];
  return [
    {
      kind: 'authorization',
      action,
      dryRun,
      // Envoy has them in no order that means anything.
      policies: Object.keys(rules.policies ?? {})
        .toSorted()
        .map((id) => policyOf(id, under)),
    },
  ];
}

function policyOf(id: string, under: ResourcesUnderTest): Policy {
  const [, namespace, name, rule] = policyId.exec(id) ?? [];
  if (namespace === undefined || name === undefined) {
    return { id, resource: undefined, from: { by: 'unknown', maybe: [] } };
  }
  const resource = { kind: 'AuthorizationPolicy', namespace, name };
  const found = under.find(resource);
  const place: Place | undefined = found && { resource: found, path: ['spec', 'rules', Number(rule)] };
  const caveat = place && caveatOf(writtenAt(place));
  return {
    id,
    resource,
    from: place
      ? settingAt(writtenAt(place) === undefined ? within({ ...place, path: [] }, 'spec') : place)
      : under.origin(resource),
    ...(caveat === undefined ? {} : { caveat }),
  };
}

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source, and #Operation */
function caveatOf(rule: unknown): string | undefined {
  const principals = list(valueAt(rule, ['from'])).flatMap((from) =>
    texts(valueAt(from, ['source', 'principals'])),
  );
  const whole = principals.find((principal) => principal.startsWith('spiffe://'));
  if (whole !== undefined)
    return `Principals are written without spiffe://, which Istio puts before each, so nobody is ${whole}.`;
  const paths = list(valueAt(rule, ['to'])).flatMap((to) => [
    ...texts(valueAt(to, ['operation', 'paths'])),
    ...texts(valueAt(to, ['operation', 'notPaths'])),
  ]);
  const starred = paths.find((path) => /^[^{}]+\*[^{}]+$/.test(path));
  return starred === undefined
    ? undefined
    : `A * stands for any text at the beginning or the end of a path only; ${starred} is that very path.`;
}
