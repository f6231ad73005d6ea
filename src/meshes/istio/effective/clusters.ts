import { isMap, valueAt } from '../../../kit/path.ts';
import type {
  Cluster,
  Keepalive,
  Limits,
  LocalityMode,
  Origin,
  OutlierDetection,
  Setting,
  TlsMode,
  Told,
  Zone,
} from '../../../model/effective.ts';
import type { Protocol } from '../../../model/topology.ts';
import {
  durationMs,
  type EnvoyCluster,
  type EnvoyEndpoints,
  type TransportSocket,
} from '../../envoy/config-dump.ts';
import { keepaliveOf, optionsOf } from '../../envoy/http-options.ts';
import { outlierDefaults, outlierValues } from '../../envoy/outlier-detection.ts';
import { readZones, withEmptyZones } from '../../envoy/zones.ts';
import { type Fallback, type Place, settingAt, tell, within, writtenAt } from '../../told.ts';
import { texts } from '../configuration-hosts.ts';
import { distributeEntry } from './localities.ts';
import { type Block, type Policy, policyOf } from './policies.ts';
import type { Workload } from './selection.ts';
import { limitOf, readBoolean, readDuration, readNumber, readPositive } from './values.ts';
import { configOf, type ResourcesUnderTest } from './written.ts';

/** What the clusters of one sidecar are read with. */
export interface ClusterContext {
  readonly under: ResourcesUnderTest;
  /** Whose sidecar it is. */
  readonly workload: Workload;
  /** Full host → the name of a service of the topology. */
  readonly serviceOf: (host: string) => string;
  /** What the app of a service speaks. */
  readonly protocolOf: (service: string) => Protocol;
  /** Where the replicas of a service are that have all of some labels: a locality for each. */
  readonly localitiesOf: (service: string, labels: Readonly<Record<string, string>>) => readonly string[];
  /** What may have changed a value on the way: the EnvoyFilters of this sidecar. */
  readonly maybe: readonly Setting[];
}

/** "outbound|8080|v1|edge-app.default.svc.cluster.local". */
const outbound = /^outbound\|(\d+)\|([^|]*)\|(.+)$/;

/** A field by its path in a traffic policy, and where it may be written. */
interface Field {
  readonly name: string;
  readonly places: readonly Place[];
}

/** Where settings of a cluster are written, as far as the rule that it names is under test. */
interface Written {
  readonly policy: Policy | undefined;
  readonly rule: Origin | undefined;
  /** A field of a block; undefined for what no field sets. */
  field(block: Block, ...path: string[]): Field;
  told<T>(
    value: T,
    field: Field | undefined,
    read: (written: unknown) => T | undefined,
    ...fallbacks: readonly Fallback<T>[]
  ): Told<T>;
}

export function writtenFor(
  cluster: EnvoyCluster,
  subset: string | undefined,
  port: number,
  { under, maybe }: ClusterContext,
): Written {
  const config = configOf(cluster.metadata);
  const named = under.find(config);
  const policy = named && policyOf(named, subset, port, under);
  const foreign = config !== undefined && named === undefined;
  return {
    policy,
    rule: config && under.origin(config),
    field(block, ...path) {
      const place = policy?.block(block);
      return {
        name: [block, ...path].join('.'),
        places: place === undefined ? [] : [within(place, ...path)],
      };
    },
    told(value, field, read, ...fallbacks) {
      const source = { places: field?.places ?? [], read, fallbacks, maybe };
      const told = tell(value, field === undefined ? source : { ...source, field: field.name });
      // A rule that is not under test may have set what nobody else did, even to what is the default.
      return foreign && told.from.by !== 'setting'
        ? { value, from: { by: 'resource', resource: config } }
        : told;
    },
  };
}

/** One cluster that a sidecar calls; undefined for those that are no service's. */
export function readCluster(
  cluster: EnvoyCluster,
  endpoints: EnvoyEndpoints | undefined,
  context: ClusterContext,
): Cluster | undefined {
  const [, portText, subsetText, host] = outbound.exec(cluster.name) ?? [];
  if (host === undefined) return undefined;
  const port = Number(portText);
  const subset = subsetText === '' ? undefined : subsetText;
  const written = writtenFor(cluster, subset, port, context);
  const selected = written.policy?.subset;
  const service = context.serviceOf(host);
  const zones = withEmptyZones(
    readZones(endpoints),
    context.localitiesOf(service, selected ? labelsAt(selected) : {}),
  );
  const outlierDetection = readOutlierDetection(cluster, written);
  return {
    name: cluster.name,
    service,
    subset,
    port,
    rule: written.rule,
    limits: readLimits(cluster, written),
    connectTimeoutMs: readConnectTimeout(cluster, written),
    idleTimeoutMs: readIdleTimeout(cluster, written),
    protocol: ofScenario(readProtocol(cluster, written), context.protocolOf(service)),
    streams: readStreams(cluster, written),
    keepalive: readKeepalive(cluster, written),
    balancing: readBalancing(cluster, written),
    outlierDetection,
    locality: readLocality(cluster, zones, outlierDetection, written, context.workload),
    panicThreshold: readPanicThreshold(cluster, written),
    zones,
    selects: selected && { value: labelsAt(selected), from: settingAt(within(selected, 'labels')) },
    tls: readTls(cluster, written),
    identities: readIdentities(cluster, written),
  };
}

export function readLimits(cluster: EnvoyCluster, { field, told }: Written): Limits {
  const thresholds = cluster.circuit_breakers?.thresholds?.find(
    ({ priority = 'DEFAULT' }) => priority === 'DEFAULT',
  );
  const unlimited: Fallback<number | null> = { value: null, of: 'Istio' };
  const pool = (value: number | undefined, envoy: number, ...path: string[]) =>
    told<number | null>(limitOf(value ?? envoy), field('connectionPool', ...path), readPositive, unlimited, {
      value: envoy,
      of: 'Envoy',
    });
  return {
    connections: pool(thresholds?.max_connections, 1_024, 'tcp', 'maxConnections'),
    pending: pool(thresholds?.max_pending_requests, 1_024, 'http', 'http1MaxPendingRequests'),
    requests: pool(thresholds?.max_requests, 1_024, 'http', 'http2MaxRequests'),
    retries: pool(thresholds?.max_retries, 3, 'http', 'maxRetries'),
    requestsPerConnection: told<number | null>(
      optionsOf(cluster)?.common_http_protocol_options?.max_requests_per_connection ?? null,
      field('connectionPool', 'http', 'maxRequestsPerConnection'),
      readPositive,
      { value: null, of: 'Envoy' },
    ),
  };
}

export function readConnectTimeout(cluster: EnvoyCluster, { field, told }: Written): Told<number> {
  return told(
    durationMs(cluster.connect_timeout ?? '5s'),
    field('connectionPool', 'tcp', 'connectTimeout'),
    readDuration,
    { value: 10_000, of: 'Istio' },
    { value: 5_000, of: 'Envoy' },
  );
}

export function readIdleTimeout(cluster: EnvoyCluster, { field, told }: Written): Told<number | null> {
  const idle = optionsOf(cluster)?.common_http_protocol_options?.idle_timeout;
  const value = idle === undefined ? 3_600_000 : durationMs(idle);
  return told<number | null>(
    value === 0 ? null : value,
    either(field('connectionPool', 'http', 'idleTimeout'), field('connectionPool', 'tcp', 'idleTimeout')),
    readDuration,
    { value: 3_600_000, of: 'Envoy' },
  );
}

/** The first of two fields that is written. */
const either = (a: Field, b: Field): Field => ({ name: a.name, places: [...a.places, ...b.places] });

/** HTTP/2 that nobody set is the service's own, as its topology says. */
function ofScenario(told: Cluster['protocol'], own: Protocol): Cluster['protocol'] {
  const isOwn = told.value === 'http2' && own !== 'http1' && told.from.by === 'default';
  return isOwn ? { value: told.value, from: { by: 'scenario' } } : told;
}

function readProtocol(cluster: EnvoyCluster, { field, told }: Written): Cluster['protocol'] {
  const options = optionsOf(cluster);
  const value =
    options?.use_downstream_protocol_config !== undefined
      ? 'as the caller'
      : options?.explicit_http_config?.http2_protocol_options !== undefined
        ? 'http2'
        : 'http1';
  const written: Readonly<Record<string, Cluster['protocol']['value']>> = {
    UPGRADE: 'http2',
    DO_NOT_UPGRADE: 'http1',
  };
  if (value === 'as the caller') {
    return told<typeof value>(value, field('connectionPool', 'http', 'useClientProtocol'), (yes) =>
      yes === true ? value : undefined,
    );
  }
  return told<Cluster['protocol']['value']>(
    value,
    field('connectionPool', 'http', 'h2UpgradePolicy'),
    (policy) => written[String(policy)],
    { value, of: 'Istio' },
  );
}

function readStreams(cluster: EnvoyCluster, { field, told }: Written): Told<number | null> {
  return told<number | null>(
    optionsOf(cluster)?.explicit_http_config?.http2_protocol_options?.max_concurrent_streams ?? null,
    field('connectionPool', 'http', 'maxConcurrentStreams'),
    readPositive,
    { value: null, of: 'Envoy' },
  );
}

/** No field of Istio's sets it: what is there has come by an EnvoyFilter. */
function readKeepalive(cluster: EnvoyCluster, { told }: Written): Cluster['keepalive'] {
  return told<Keepalive | null>(keepaliveOf(cluster), undefined, () => undefined, {
    value: null,
    of: 'Envoy',
  });
}

/** LEAST_REQUEST → "least-request". */
const balancerName = (policy: string) => policy.toLowerCase().replaceAll('_', '-');

function readBalancing(cluster: EnvoyCluster, { field, told }: Written): Told<string> {
  const value = balancerName(cluster.lb_policy ?? 'ROUND_ROBIN');
  const hashed = field('loadBalancer', 'consistentHash');
  if (hashed.places.some((place) => writtenAt(place) !== undefined)) {
    return told(value, hashed, (hash) => (valueAt(hash, ['maglev']) === undefined ? 'ring-hash' : 'maglev'));
  }
  return told(
    value,
    field('loadBalancer', 'simple'),
    (simple) =>
      simple === 'UNSPECIFIED' || typeof simple !== 'string'
        ? undefined
        : simple === 'PASSTHROUGH'
          ? 'cluster-provided'
          : balancerName(simple.replace('LEAST_CONN', 'LEAST_REQUEST')),
    { value: 'least-request', of: 'Istio' },
  );
}

function readOutlierDetection(
  cluster: EnvoyCluster,
  { policy, rule, field: fieldOf, told }: Written,
): OutlierDetection | undefined {
  const outlier = cluster.outlier_detection;
  if (outlier === undefined) return undefined;
  const field = (name: string) => fieldOf('outlierDetection', name);
  const block = policy?.block('outlierDetection');
  const values = outlierValues(outlier);
  const split = values.splitLocalOrigin;
  return {
    from: block ? settingAt(block) : (rule ?? { by: 'unknown', maybe: [] }),
    consecutiveErrors: told(values.consecutiveErrors, field('consecutive5xxErrors'), readNumber, {
      value: outlierDefaults.consecutiveErrors,
      of: 'Envoy',
    }),
    consecutiveGatewayErrors: told(
      values.consecutiveGatewayErrors,
      field('consecutiveGatewayErrors'),
      readNumber,
      { value: outlierDefaults.consecutiveGatewayErrors, of: 'Envoy' },
    ),
    splitLocalOrigin: told(split, field('splitExternalLocalOriginErrors'), readBoolean, {
      value: false,
      of: 'Envoy',
    }),
    consecutiveLocalOrigin: told(
      values.consecutiveLocalOrigin,
      split ? field('consecutiveLocalOriginFailures') : undefined,
      readPositive,
      { value: split ? 5 : 0, of: 'Envoy' },
    ),
    intervalMs: told(values.intervalMs, field('interval'), readDuration, {
      value: outlierDefaults.intervalMs,
      of: 'Envoy',
    }),
    baseEjectionMs: told(values.baseEjectionMs, field('baseEjectionTime'), readDuration, {
      value: outlierDefaults.baseEjectionMs,
      of: 'Envoy',
    }),
    longestEjectionMs: told(values.longestEjectionMs, undefined, readDuration, {
      value: outlierDefaults.longestEjectionMs,
      of: 'Envoy',
    }),
    mostEjected: told(
      values.mostEjected,
      field('maxEjectionPercent'),
      (percent) => share(readPositive(percent)),
      { value: outlierDefaults.mostEjected, of: 'Envoy' },
    ),
    alwaysOne: values.alwaysOne,
  };
}

const share = (percent: number | undefined) => (percent === undefined ? undefined : percent / 100);

function readPanicThreshold(cluster: EnvoyCluster, { policy, field, told }: Written): Told<number> {
  const percent = cluster.common_lb_config?.healthy_panic_threshold;
  const detects = policy?.block('outlierDetection') !== undefined;
  return told(
    percent === undefined ? 0.5 : (percent.value ?? 0) / 100,
    field('outlierDetection', 'minHealthPercent'),
    (written) => share(readNumber(written)),
    detects ? { value: 0, of: 'Istio' } : { value: 0.5, of: 'Envoy' },
  );
}

/** What the zones of the cluster show, and the setting that makes it so. */
function readLocality(
  cluster: EnvoyCluster,
  zones: readonly Zone[],
  outlierDetection: OutlierDetection | undefined,
  { policy, field }: Written,
  { instance }: Workload,
): Told<LocalityMode> {
  const setting = field('loadBalancer', 'localityLbSetting').places[0];
  const written = setting === undefined ? undefined : writtenAt(setting);
  const has = (field: string) => valueAt(written, [field]) !== undefined;
  const origin = (...path: string[]): Origin =>
    setting === undefined ? { by: 'default', of: 'Istio' } : settingAt(within(setting, ...path));
  const weighted = cluster.common_lb_config?.locality_weighted_lb_config !== undefined;
  if (weighted && has('distribute')) {
    // Where no entry is for this caller, zones get what their hosts come to.
    const isFor = distributeEntry(valueAt(written, ['distribute']), instance.locality) >= 0;
    return { value: isFor ? 'distribute' : 'none', from: origin('distribute') };
  }
  if (zones.some(({ priority }) => priority > 0)) {
    if (has('failoverPriority')) return { value: 'failover', from: origin('failoverPriority') };
    if (has('failover')) return { value: 'failover', from: origin('failover') };
    // On by default in the mesh, and in effect as soon as there is outlier detection.
    const block = policy?.block('outlierDetection');
    return { value: 'failover', from: block ? settingAt(block) : (outlierDetection?.from ?? origin()) };
  }
  if (valueAt(written, ['enabled']) === false) return { value: 'none', from: origin('enabled') };
  return { value: 'none', from: { by: 'default', of: 'Istio', field: 'loadBalancer.localityLbSetting' } };
}

function labelsAt(subset: Place): Readonly<Record<string, string>> {
  const labels = writtenAt(within(subset, 'labels'));
  return isMap(labels) ? (labels as Readonly<Record<string, string>>) : {};
}

const tlsModes: Readonly<Record<string, TlsMode>> = {
  DISABLE: 'off',
  SIMPLE: 'simple',
  MUTUAL: 'mutual',
  ISTIO_MUTUAL: 'mesh',
};

function readTls(cluster: EnvoyCluster, { field, told }: Written): Told<TlsMode> {
  const value = tlsModeOf(cluster);
  const defaults: readonly Fallback<TlsMode>[] =
    value === 'auto' || value === 'off' ? [{ value, of: 'Istio' }] : [];
  return told(value, field('tls', 'mode'), (mode) => tlsModes[String(mode)], ...defaults);
}

function tlsModeOf(cluster: EnvoyCluster): TlsMode {
  if (cluster.transport_socket_matches !== undefined) return 'auto';
  const tls = contextOf(cluster.transport_socket);
  if (tls === undefined) return 'off';
  const secrets = tls.tls_certificate_sds_secret_configs ?? [];
  // The certificate of the workload's own identity has this name.
  if (secrets.some(({ name }) => name === 'default')) return 'mesh';
  return secrets.length > 0 || (tls.tls_certificates?.length ?? 0) > 0 ? 'mutual' : 'simple';
}

const contextOf = (socket: TransportSocket | undefined) => socket?.typed_config?.common_tls_context;

function readIdentities(cluster: EnvoyCluster, { field, told }: Written): Told<readonly string[]> {
  const sockets = [
    cluster.transport_socket,
    ...(cluster.transport_socket_matches ?? []).map(({ transport_socket }) => transport_socket),
  ];
  const names = sockets.flatMap((socket) => {
    const validation = contextOf(socket)?.combined_validation_context?.default_validation_context;
    const typed = (validation?.match_typed_subject_alt_names ?? []).flatMap(({ matcher }) => matcher ?? []);
    return [...(validation?.match_subject_alt_names ?? []), ...typed].flatMap(({ exact }) => exact ?? []);
  });
  const value = [...new Set(names)];
  const wanted = told<readonly string[]>(
    value,
    field('tls', 'subjectAltNames'),
    (written) => (Array.isArray(written) ? texts(written) : undefined),
    { value: [], of: 'Istio' },
  );
  // The topology says which identity its services have.
  return wanted.from.by === 'unknown' ? { value, from: { by: 'scenario' } } : wanted;
}
