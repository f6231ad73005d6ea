import { mapAt } from '../../../kit/path.ts';
import type { Cluster, Limits, OutlierDetection, Told, Zone } from '../../../model/effective.ts';
import type { Protocol } from '../../../model/topology.ts';
import { durationMs, type EnvoyCluster, type EnvoyEndpoints } from '../../envoy/config-dump.ts';
import { keepaliveOf, optionsOf } from '../../envoy/http-options.ts';
import { outlierDefaults, outlierValues } from '../../envoy/outlier-detection.ts';
import { readZones } from '../../envoy/zones.ts';
import { readDuration } from '../../go-duration.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { clusterName } from '../clusters.ts';
import { type EntriesUnderTest, fieldOf, toldBy } from './entries.ts';
import { datacenterOf, identitiesOf, type Replicas, subsetOf } from './targets.ts';
import { readTlsVersions } from './tls-versions.ts';

export interface ClusterContext {
  readonly under: EntriesUnderTest;
  /** Whose sidecar it is. */
  readonly caller: string;
  /** The network that it is in. */
  readonly network: string | undefined;
  readonly replicas: Replicas;
  /** The port of a service of the topology. */
  readonly portOf: (service: string) => number;
  readonly protocolOf: (service: string) => Protocol;
}

const readNumber = (written: unknown) => (typeof written === 'number' && written >= 0 ? written : undefined);

/**
 * One cluster that a sidecar calls; undefined for those that are no service's. One that fails over is an aggregate:
 * `parts` are the clusters that it is made of, in the order in which they are used.
 */
export function readCluster(
  cluster: EnvoyCluster,
  parts: readonly EnvoyCluster[],
  endpoints: ReadonlyMap<string, EnvoyEndpoints>,
  context: ClusterContext,
): Cluster | undefined {
  const name = clusterName(cluster.name);
  if (name === undefined) return undefined;
  const { service, subset } = name;
  const { under, caller } = context;
  const resolver = under.of('service-resolver', service);
  const places = under.upstream(caller, service);
  const [settings] = places;
  // What an aggregate does not have, its parts have alike.
  const part = parts[0] ?? cluster;
  const selected = subset === undefined ? undefined : fieldOf(resolver, 'Subsets', subset, 'Filter');
  const zones = zonesOf(cluster, parts, endpoints, { service, subset, resolver }, context);
  const options = optionsOf(part);
  const idle = options?.common_http_protocol_options?.idle_timeout;
  const streams = options?.explicit_http_config?.http2_protocol_options?.max_concurrent_streams;
  return {
    name: cluster.name,
    service,
    subset,
    port: context.portOf(service),
    rule: settings && settingAt(settings),
    limits: readLimits(part, under.upstreamBlock(caller, service, 'Limits')),
    connectTimeoutMs: toldBy(
      durationMs(cluster.connect_timeout ?? '5s'),
      [fieldOf(resolver, 'ConnectTimeout'), ...places.map((place) => within(place, 'ConnectTimeoutMs'))],
      // Consul takes a 0 for nothing.
      (written) => (typeof written === 'number' ? written : readDuration(written)) || undefined,
      'ConnectTimeout',
      { value: 5_000, of: 'Consul' },
    ),
    idleTimeoutMs: byDefault(idle === undefined ? 3_600_000 : durationMs(idle) || null, 'Envoy'),
    protocol: readProtocol(part, service, context),
    streams: byDefault(streams ?? null, 'Envoy'),
    keepalive: byDefault(keepaliveOf(part), 'Envoy'),
    balancing: toldBy(
      (part.lb_policy ?? 'ROUND_ROBIN').toLowerCase().replaceAll('_', '-'),
      [fieldOf(resolver, 'LoadBalancer', 'Policy')],
      (written) => (typeof written === 'string' ? written.replaceAll('_', '-') : undefined),
      'LoadBalancer.Policy',
      { value: 'round-robin', of: 'Consul' },
    ),
    outlierDetection: readOutlierDetection(part, under.upstreamBlock(caller, service, 'PassiveHealthCheck')),
    ...(parts.length > 1 ? { inParts: true as const } : {}),
    locality: readLocality(parts, zones, { resolver, subset, service }, context),
    panicThreshold: byDefault((part.common_lb_config?.healthy_panic_threshold?.value ?? 0) / 100, 'Consul'),
    zones,
    selects: selected && { value: labelsIn(writtenAt(selected)), from: settingAt(selected) },
    tls: byDefault(part.transport_socket === undefined ? 'off' : 'mesh', 'Consul'),
    ...readTlsVersions('Outgoing', part.transport_socket, under),
    identities: {
      value: [...new Set((parts.length === 0 ? [cluster] : parts).flatMap(identitiesOf))],
      from: { by: 'scenario' },
    },
  };
}

const byDefault = <T>(value: T, of: string): Told<T> => ({ value, from: { by: 'default', of } });

/** In Consul limits are a matter of who calls. */
export function readLimits(cluster: EnvoyCluster, block: Place | undefined): Limits {
  const thresholds = cluster.circuit_breakers?.thresholds?.find(
    ({ priority = 'DEFAULT' }) => priority === 'DEFAULT',
  );
  const pool = (value: number | undefined, name: string) =>
    toldBy<number | null>(
      value ?? 1_024,
      [fieldOf(block, name)],
      readNumber,
      `UpstreamConfig.Overrides.Limits.${name}`,
      { value: 1_024, of: 'Envoy' },
    );
  return {
    connections: pool(thresholds?.max_connections, 'MaxConnections'),
    pending: pool(thresholds?.max_pending_requests, 'MaxPendingRequests'),
    requests: pool(thresholds?.max_requests, 'MaxConcurrentRequests'),
    retries: byDefault(thresholds?.max_retries ?? 3, 'Envoy'),
    requestsPerConnection: byDefault(
      optionsOf(cluster)?.common_http_protocol_options?.max_requests_per_connection ?? null,
      'Envoy',
    ),
  };
}

function readProtocol(
  cluster: EnvoyCluster,
  service: string,
  { under, protocolOf }: ClusterContext,
): Cluster['protocol'] {
  const isHttp2 = optionsOf(cluster)?.explicit_http_config?.http2_protocol_options !== undefined;
  const value = isHttp2 ? ('http2' as const) : ('http1' as const);
  const written = fieldOf(under.of('service-defaults', service), 'Protocol');
  const own = protocolOf(service);
  return toldBy<Cluster['protocol']['value']>(
    value,
    [written, fieldOf(under.of('proxy-defaults', 'global'), 'Config', 'protocol')],
    (protocol) => (protocol === 'http2' || protocol === 'grpc' ? 'http2' : protocol ? 'http1' : undefined),
    'Protocol',
    ...(own === value ? [{ value, of: 'Consul' } as const] : []),
  );
}

/** There is always one: an empty one does what Envoy does where nothing is said. */
function readOutlierDetection(
  { outlier_detection: outlier = {} }: EnvoyCluster,
  block: Place | undefined,
): OutlierDetection {
  const values = outlierValues(outlier);
  const told = <T>(value: T, field: string, read: (written: unknown) => T | undefined, fallback: T) =>
    toldBy(value, [fieldOf(block, field)], read, `UpstreamConfig.Overrides.PassiveHealthCheck.${field}`, {
      value: fallback,
      of: 'Envoy',
    });
  const enforced = block && writtenAt(within(block, 'EnforcingConsecutive5xx'));
  return {
    from: block
      ? settingAt(block)
      : { by: 'default', of: 'Consul', field: 'UpstreamConfig.Overrides.PassiveHealthCheck' },
    consecutiveErrors:
      enforced === 0
        ? told(values.consecutiveErrors, 'EnforcingConsecutive5xx', readNumber, 5)
        : told(
            values.consecutiveErrors,
            'MaxFailures',
            (written) => readNumber(written) || undefined,
            outlierDefaults.consecutiveErrors,
          ),
    consecutiveGatewayErrors: byDefault(values.consecutiveGatewayErrors, 'Envoy'),
    splitLocalOrigin: byDefault(values.splitLocalOrigin, 'Envoy'),
    consecutiveLocalOrigin: byDefault(values.consecutiveLocalOrigin, 'Envoy'),
    intervalMs: told(values.intervalMs, 'Interval', readDuration, outlierDefaults.intervalMs),
    baseEjectionMs: told(
      values.baseEjectionMs,
      'BaseEjectionTime',
      readDuration,
      outlierDefaults.baseEjectionMs,
    ),
    longestEjectionMs: byDefault(values.longestEjectionMs, 'Envoy'),
    mostEjected: told(
      values.mostEjected,
      'MaxEjectionPercent',
      (written) => (typeof written === 'number' ? written / 100 : undefined),
      outlierDefaults.mostEjected,
    ),
    alwaysOne: values.alwaysOne,
  };
}

/** What a cluster is called for. */
interface Called {
  readonly service: string;
  readonly subset: string | undefined;
  readonly resolver: Place | undefined;
}

/** Failover is by subsets, services and peers: where a host is plays no part in it. */
function readLocality(
  parts: readonly EnvoyCluster[],
  zones: readonly Zone[],
  { service, subset, resolver }: Called,
  { under, caller }: ClusterContext,
): Cluster['locality'] {
  const isAlone = !zones.some(({ priority, hosts }) => priority > 0 && hosts.length > 0);
  if (parts.length < 2) {
    const redirect = fieldOf(resolver, 'Redirect');
    if (redirect !== undefined && writtenAt(redirect) !== undefined) {
      return { value: 'none', from: settingAt(redirect) };
    }
    // Where there are subsets, it is the author who has said nothing of what is when one has no host left.
    const own = subset === undefined ? undefined : fieldOf(resolver, 'Subsets', subset);
    const from = own && writtenAt(own) !== undefined ? settingAt(own) : undefined;
    return { value: 'none', from: from ?? { by: 'default', of: 'Consul', field: 'Failover' } };
  }
  const all = resolver && within(resolver, 'Failover');
  const named = Object.keys(mapAt(all && writtenAt(all), []) ?? {});
  const own = named.find((name) => name === subset) ?? named.find((name) => name === '*');
  const place = own === undefined ? all : fieldOf(all, own);
  // The way to a peer is then through gateways of the caller's own network, and it has none.
  const mode = isAlone ? under.gatewayMode(caller, service) : undefined;
  if (mode !== undefined && writtenAt(mode) === 'local') return { value: 'none', from: settingAt(mode) };
  return { value: 'failover', from: place ? settingAt(place) : { by: 'unknown', maybe: [] } };
}

/** The hosts of a cluster, or of its parts; Consul says of none where they are, and the topology does. */
function zonesOf(
  cluster: EnvoyCluster,
  parts: readonly EnvoyCluster[],
  endpoints: ReadonlyMap<string, EnvoyEndpoints>,
  { service, subset, resolver }: Called,
  { replicas, network }: ClusterContext,
): readonly Zone[] {
  return (parts.length === 0 ? [cluster] : parts).flatMap((part, priority) => {
    const picked = parts.length === 0 ? subset : subsetOf(part, subset);
    const filter = picked === undefined ? undefined : fieldOf(resolver, 'Subsets', picked, 'Filter');
    const locality = replicas.placeOf({
      service,
      network: network === undefined ? undefined : (datacenterOf(part) ?? network),
      labels: labelsIn(filter && writtenAt(filter)),
    });
    return readZones(endpoints.get(part.name)).map((zone) => ({
      ...zone,
      locality: zone.locality || locality,
      priority: parts.length === 0 ? zone.priority : priority,
    }));
  });
}

/** `Service.Meta.version == "v1"` → version=v1, as far as a filter says no more than that. */
function labelsIn(filter: unknown): Readonly<Record<string, string>> {
  const found = String(filter).matchAll(/Service\.Meta\.([\w-]+)\s*==\s*"?([^\s"]+)"?/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}
