import type { EffectiveConfiguration, Sidecar } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { type Instance, isCaller, isServer, servedBy, type TopologyPlan } from '../../../model/topology.ts';
import {
  dumped,
  dumpedListeners,
  type EnvoyListener,
  type EnvoyRouteConfiguration,
} from '../../envoy/config-dump.ts';
import { sidecarsOf } from '../../envoy/sidecars.ts';
import { readCluster } from './clusters.ts';
import { EntriesUnderTest } from './entries.ts';
import { readFilters, readInbound } from './inbound.ts';
import { readHost } from './routes.ts';
import { unusedByCaller, unusedByServer } from './unused.ts';

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
  const under = new EntriesUnderTest(resources);
  return sidecarsOf(answers, topology, (instance, answer) => readSidecar(instance, answer, topology, under));
}

function readSidecar(
  instance: Instance,
  [clusterAnswer = '{}', listenerAnswer = '{}', routeAnswer = '{}', endpointAnswer = '{}']: readonly string[],
  topology: TopologyPlan,
  under: EntriesUnderTest,
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
    portOf: (service: string) => serviceNamed(service)?.port ?? 0,
    protocolOf: (service: string) => serviceNamed(service)?.protocol ?? ('http1' as const),
  };
  const parts = (names: readonly string[] = []) =>
    names.flatMap((name) => held.find((each) => each.name === name) ?? []);
  const inAggregates = new Set(
    held.flatMap(({ cluster_type }) => cluster_type?.typed_config?.clusters ?? []),
  );
  const { service, locality, role } = instance;
  const inbound = isServer(instance) ? readInbound(listeners, held, instance, under) : [];
  return {
    instance: instance.name,
    service,
    workload: instance.workload,
    locality,
    role,
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
    filters: readFilters(
      listeners.filter(isOutbound).flatMap(({ filter_chains }) => filter_chains ?? []),
      instance,
      under,
    ),
    inbound,
    unused: [
      ...(isCaller(instance) ? unusedByCaller(instance, topology, under) : []),
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
