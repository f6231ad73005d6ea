import type { Filter, Inbound } from '../../../model/effective.ts';
import type { Instance } from '../../../model/topology.ts';
import {
  durationMs,
  type EnvoyCluster,
  type EnvoyFilterChain,
  type EnvoyFilterConfig,
  type EnvoyListener,
} from '../../envoy/config-dump.ts';
import { type Place, settingAt } from '../../told.ts';
import { readLimits } from './clusters.ts';
import { type EntriesUnderTest, fieldOf, toldBy } from './entries.ts';
import { policyOf, rulesOf } from './intentions.ts';
import { readTlsVersions } from './tls-versions.ts';

/** What a sidecar takes for its app: one port, always by mTLS. */
export function readInbound(
  listeners: readonly EnvoyListener[],
  clusters: readonly EnvoyCluster[],
  instance: Instance,
  under: EntriesUnderTest,
): readonly Inbound[] {
  const app = clusters.find(({ name }) => name === 'local_app');
  const chains = listeners
    .filter(({ name = '' }) => name.startsWith('public_listener'))
    .flatMap(({ filter_chains }) => filter_chains ?? []);
  if (app === undefined || chains.length === 0) return [];
  const own = under.of('service-defaults', instance.service);
  const limits = readLimits(app, undefined);
  const keeps = instance.app?.keepAliveMs;
  return [
    {
      port: instance.port,
      cluster: app.name,
      limits: {
        ...limits,
        connections: toldBy<number | null>(
          limits.connections.value,
          [fieldOf(own, 'MaxInboundConnections')],
          (written) => (typeof written === 'number' && written > 0 ? written : undefined),
          'MaxInboundConnections',
          { value: 1_024, of: 'Envoy' },
        ),
      },
      rule: own && settingAt(own),
      ...mostConnections(chains, own),
      connectTimeoutMs: toldBy(
        durationMs(app.connect_timeout ?? '5s'),
        [fieldOf(own, 'LocalConnectTimeoutMs')],
        (written) => (typeof written === 'number' && written > 0 ? written : undefined),
        'LocalConnectTimeoutMs',
        { value: 5_000, of: 'Consul' },
      ),
      idleTimeoutMs: { value: 3_600_000, from: { by: 'default', of: 'Envoy' } },
      ...(keeps === undefined ? {} : { appKeepsMs: { value: keeps, from: { by: 'scenario' as const } } }),
      accepts: {
        value: chains.every(({ transport_socket }) => transport_socket !== undefined) ? 'mtls' : 'both',
        from: { by: 'default', of: 'Consul' },
      },
      ...readTlsVersions('Incoming', chains[0]?.transport_socket, under),
      filters: readFilters(chains, instance, under),
    },
  ];
}

/** Beyond as many a sidecar closes connections before anything is said on them. */
function mostConnections(
  chains: readonly EnvoyFilterChain[],
  own: Place | undefined,
): Pick<Inbound, 'mostConnections'> {
  const filter = chains.flatMap(({ filters = [] }) => filters).find(({ name }) => name === CONNECTION_LIMIT);
  if (filter?.typed_config?.max_connections === undefined) return {};
  return {
    mostConnections: toldBy(
      Number(filter.typed_config.max_connections),
      [fieldOf(own, 'MaxInboundConnections')],
      (written) => (typeof written === 'number' && written > 0 ? written : undefined),
      'MaxInboundConnections',
    ),
  };
}

/** That of MaxInboundConnections, which is told as a limit. */
const CONNECTION_LIMIT = 'envoy.filters.network.connection_limit';

/** Filters that sidecars have anyway and that refuse nothing by themselves. */
const ordinary = new Set([
  'envoy.filters.network.http_connection_manager',
  CONNECTION_LIMIT,
  'envoy.filters.network.tcp_proxy',
  'envoy.filters.http.router',
  'envoy.filters.http.header_to_metadata',
  'envoy.filters.http.grpc_stats',
  'envoy.filters.http.grpc_http1_bridge',
]);

export function readFilters(
  chains: readonly EnvoyFilterChain[],
  instance: Instance,
  under: EntriesUnderTest,
): readonly Filter[] {
  const all = chains.flatMap(({ filters = [] }) =>
    filters.flatMap((filter) => [filter, ...(filter.typed_config?.http_filters ?? [])]),
  );
  return all
    .filter(({ name = '' }) => !ordinary.has(name))
    .flatMap((filter) => readFilter(filter, instance, under));
}

function readFilter(
  { name = '', typed_config }: EnvoyFilterConfig,
  instance: Instance,
  under: EntriesUnderTest,
): readonly Filter[] {
  const { service } = instance;
  if (name.endsWith('.rbac')) {
    const rules = typed_config?.rules;
    const policies = Object.keys(rules?.policies ?? {}).toSorted();
    // Nobody has written any, so that all may call.
    if (policies.length === 0 && rules?.action === 'DENY') return [];
    return [
      {
        kind: 'authorization',
        action: rules?.action === 'DENY' ? 'deny' : 'allow',
        dryRun: false,
        policies: policies.map((id) => policyOf(id, service, under)),
        rules: rulesOf(instance, under),
      },
    ];
  }
  const extensions = [under.of('service-defaults', service), under.of('proxy-defaults', 'global')]
    .map((entry) => fieldOf(entry, 'EnvoyExtensions'))
    .find(Boolean);
  const from = extensions ? settingAt(extensions) : ({ by: 'unknown', maybe: [] } as const);
  if (name.endsWith('.jwt_authn')) return [{ kind: 'authentication', name, from }];
  if (name.endsWith('.ext_authz')) return [{ kind: 'external-authorization', name, from }];
  return [{ kind: 'other', name, from }];
}
