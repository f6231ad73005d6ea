import type { EffectiveConfiguration, Sidecar } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { type Instance, isCaller, isServer, servedBy, type TopologyPlan } from '../../../model/topology.ts';
import {
  bytesIn,
  dumped,
  dumpedListeners,
  type EnvoyListener,
  type EnvoyRouteConfiguration,
} from '../../envoy/config-dump.ts';
import { sidecarsOf } from '../../envoy/sidecars.ts';
import { isFor } from '../entries/networks.ts';
import { readCluster } from './clusters.ts';
import { EntriesUnderTest } from './entries.ts';
import { readFilters, readInbound } from './inbound.ts';
import { readMeshGateway } from './mesh-gateway.ts';
import { readHost } from './routes.ts';
import { Replicas } from './targets.ts';
import { unusedByCaller, unusedByServer, unusedElsewhere, unusedTargets } from './unused.ts';

/** Everything of a cluster that is read; the rest of it is most of the answer. */
const clusterMask = [
  'name',
  'type',
  'cluster_type',
  'connect_timeout',
  'lb_policy',
  'circuit_breakers',
  'outlier_detection',
  'common_lb_config',
  'typed_extension_protocol_options',
  'transport_socket',
]
  .map((field) => `cluster.${field}`)
  .join(',');

const dump = (resource: string, query: Readonly<Record<string, string>> = {}) =>
  `/config_dump?${new URLSearchParams({ resource, ...query })}`;

/** Admin paths that tell what an instance's sidecar holds. */
export function effectivePaths(instance: Instance): readonly string[] {
  const clusters = dump('dynamic_active_clusters', { mask: clusterMask });
  const listeners = dump('dynamic_listeners');
  if (!isCaller(instance)) return [clusters, listeners];
  return [
    clusters,
    listeners,
    dump('dynamic_route_configs'),
    `${dump('dynamic_endpoint_configs')}&include_eds`,
  ];
}

/** What sidecars hold: `answers` has those of each instance to `effectivePaths`, in the same order. */
export function readEffective(
  answers: ReadonlyMap<string, readonly string[]>,
  topology: TopologyPlan,
  resources: readonly MeshResource[],
): EffectiveConfiguration {
  const replicas = new Replicas(topology.instances);
  return sidecarsOf(answers, topology, (instance, answer) => {
    const isOwn = (each: MeshResource) => isFor(instance.network, each);
    const under = new EntriesUnderTest(resources.filter(isOwn));
    const elsewhere = resources.filter((each) => !isOwn(each));
    return instance.gateway === undefined
      ? readSidecar(instance, answer, { topology, under, elsewhere, replicas })
      : readMeshGateway(instance, answer, { topology, under, elsewhere });
  });
}

function readSidecar(
  instance: Instance,
  [clusterAnswer = '{}', listenerAnswer = '{}', routeAnswer = '{}', endpointAnswer = '{}']: readonly string[],
  {
    topology,
    under,
    elsewhere,
    replicas,
  }: {
    readonly topology: TopologyPlan;
    readonly under: EntriesUnderTest;
    /** What is for other networks. */
    readonly elsewhere: readonly MeshResource[];
    readonly replicas: Replicas;
  },
): Sidecar {
  const held = dumped(clusterAnswer, 'cluster');
  const listeners = dumpedListeners(listenerAnswer);
  const configurations = [
    ...dumped(routeAnswer, 'route_config'),
    ...listeners.filter(isOutbound).flatMap(routesWithin),
  ];
  const endpoints = new Map(
    dumped(endpointAnswer, 'endpoint_config').map((each) => [each.cluster_name, each]),
  );
  const serviceNamed = (name: string) => topology.services.find((each) => each.name === name);
  const context = {
    under,
    caller: instance.service,
    network: instance.network,
    replicas,
    portOf: (service: string) => serviceNamed(service)?.port ?? 0,
    protocolOf: (service: string) => serviceNamed(service)?.protocol ?? ('http1' as const),
  };
  const parts = (names: readonly string[] = []) =>
    names.flatMap((name) => held.find((each) => each.name === name) ?? []);
  const inAggregates = new Set(
    held.flatMap(({ cluster_type }) => cluster_type?.typed_config?.clusters ?? []),
  );
  const { service, locality, role, network } = instance;
  const outbound = listeners.filter(isOutbound);
  const bytesTo = bytesIn(outbound);
  const inbound = isServer(instance) ? readInbound(listeners, held, instance, under) : [];
  return {
    instance: instance.name,
    service,
    workload: instance.workload,
    locality,
    role,
    ...(network === undefined ? {} : { network }),
    clusters: held
      .filter(({ name }) => !inAggregates.has(name))
      .flatMap((cluster) => {
        const made = parts(cluster.cluster_type?.typed_config?.clusters);
        const read = readCluster(cluster, made, endpoints, context);
        // The marker's is nobody's.
        return read !== undefined && serviceNamed(read.service) ? [read] : [];
      }),
    hosts: servedBy(topology).flatMap(({ name, port }) => {
      const own = configurations.find((each) => each.name === name);
      return own === undefined ? [] : [readHost(name, port, own, under)];
    }),
    ...(bytesTo.length === 0 ? {} : { bytesTo }),
    filters: readFilters(
      outbound.flatMap(({ filter_chains }) => filter_chains ?? []),
      instance,
      under,
    ),
    inbound,
    unused: [
      ...(isCaller(instance) ? unusedByCaller(instance, topology, under) : []),
      ...(isCaller(instance) ? unusedTargets(instance, topology, under, held) : []),
      ...unusedElsewhere(instance, topology, elsewhere),
      ...(isServer(instance) ? unusedByServer(instance, inbound, under) : []),
    ],
  };
}

const isOutbound = ({ traffic_direction }: EnvoyListener) => traffic_direction === 'OUTBOUND';

/** Routes that stand in a listener itself, as those of a service do that nobody has written any for. */
function routesWithin({ name = '', filter_chains = [] }: EnvoyListener): readonly EnvoyRouteConfiguration[] {
  // "edge-app:127.1.2.130:21000".
  const [service = ''] = name.split(':');
  return filter_chains.flatMap(({ filters = [] }) =>
    filters.flatMap(({ typed_config }) =>
      typed_config?.route_config === undefined ? [] : [{ ...typed_config.route_config, name: service }],
    ),
  );
}
