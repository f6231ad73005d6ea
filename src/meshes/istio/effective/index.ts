import { valueAt } from '../../../kit/path.ts';
import type { EffectiveConfiguration, Sidecar, Unused } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import {
  type Instance,
  isGateway,
  isServer,
  portsOf,
  servedBy,
  type TopologyPlan,
} from '../../../model/topology.ts';
import { bytesIn, dumped, dumpedListeners } from '../../envoy/config-dump.ts';
import { sidecarsOf } from '../../envoy/sidecars.ts';
import { fullHost, list, texts } from '../configuration-hosts.ts';
import { instanceLabels } from '../labels.ts';
import { OUTSIDE_NAMESPACE, serviceHost } from '../names.ts';
import { readCluster } from './clusters.ts';
import { envoyFilters } from './filter-patches.ts';
import { gatewaysSelecting, listenersOf, readGateway, unusedByGateway } from './gateways.ts';
import { isInbound, isOutbound, readFilters, readInbound } from './inbound.ts';
import { readMetrics, unusedMetricsAndLogs } from './metrics.ts';
import { readHosts } from './routes.ts';
import { hasLabels, type Workload } from './selection.ts';
import { readTracing, unusedTelemetries } from './tracing.ts';
import { type CalledService, unusedByCaller, unusedByServer } from './unused.ts';
import { filterNames, unusedByCalls, unusedByServedRequests } from './unused-patches.ts';
import { ResourcesUnderTest } from './written.ts';

/** Everything of a cluster that is read; the rest of it is most of the answer. */
const clusterMask = [
  'name',
  'alt_stat_name',
  'type',
  'connect_timeout',
  'lb_policy',
  'circuit_breakers',
  'outlier_detection',
  'metadata',
  'common_lb_config',
  'typed_extension_protocol_options',
  'transport_socket',
  'transport_socket_matches',
]
  .map((field) => `cluster.${field}`)
  .join(',');

const dump = (resource: string, query: Readonly<Record<string, string>>) =>
  `/config_dump?${new URLSearchParams({ resource, ...query })}`;

const isCaller = ({ service }: Instance, { calls }: TopologyPlan) =>
  calls.some(({ from }) => from === service);

/**
 * Admin paths that tell what an instance's sidecar holds about the services of the topology, and about whatever the
 * resources under test lead to; of a sidecar that calls nobody only what it takes.
 */
export function effectivePaths(
  instance: Instance,
  topology: TopologyPlan,
  resources: readonly MeshResource[],
): readonly string[] {
  const listeners = dump('dynamic_listeners', {});
  if (!isCaller(instance, topology)) {
    return [dump('dynamic_active_clusters', { name_regex: inbound, mask: clusterMask }), listeners];
  }
  const hosts = hostsLedTo(topology, resources).map((host) => host.replaceAll('.', '\\.'));
  const routes = isGateway(instance)
    ? String.raw`https?\.${instance.port}(\..*)?`
    : `(.*:)?(${[...new Set(topology.services.flatMap(portsOf))].join('|')})`;
  const outbound = String.raw`outbound\|[0-9]+\|[^|]*\|(${hosts.join('|')})`;
  return [
    dump('dynamic_active_clusters', { name_regex: `${inbound}|${outbound}`, mask: clusterMask }),
    listeners,
    dump('dynamic_route_configs', { name_regex: routes }),
    `${dump('dynamic_endpoint_configs', { name_regex: outbound })}&include_eds`,
  ];
}

const inbound = String.raw`inbound\|.*`;

/** The services of the topology, and the destinations of every route under test. */
function hostsLedTo(
  { services, namespace }: TopologyPlan,
  resources: readonly MeshResource[],
): readonly string[] {
  const destinations = resources
    .filter(({ kind }) => kind === 'VirtualService')
    .flatMap((resource) =>
      list(valueAt(resource.value, ['spec', 'http'])).flatMap((http) =>
        list(valueAt(http, ['route'])).flatMap((route) =>
          texts([valueAt(route, ['destination', 'host'])]).map((host) => fullHost(host, resource.namespace)),
        ),
      ),
    );
  return [...new Set([...services.map(({ name }) => serviceHost(name, namespace)), ...destinations])];
}

/** What sidecars hold: `answers` has those of each instance to `effectivePaths`, in the same order. */
export function readEffective(
  answers: ReadonlyMap<string, readonly string[]>,
  topology: TopologyPlan,
  resources: readonly MeshResource[],
): EffectiveConfiguration {
  const under = new ResourcesUnderTest(resources);
  return sidecarsOf(answers, topology, (instance, answer) => readSidecar(instance, answer, topology, under));
}

function readSidecar(
  instance: Instance,
  [clusterAnswer = '{}', listenerAnswer = '{}', routeAnswer = '{}', endpointAnswer = '{}']: readonly string[],
  topology: TopologyPlan,
  under: ResourcesUnderTest,
): Sidecar {
  const labels = instanceLabels(instance);
  const workload: Workload = {
    instance,
    namespace: instance.outside ? OUTSIDE_NAMESPACE : topology.namespace,
    labels,
    ...(isGateway(instance) ? { gateways: gatewaysSelecting(labels, under) } : {}),
  };
  const { namespace } = topology;
  const names = new Map(topology.services.map(({ name }) => [serviceHost(name, namespace), name]));
  const maybe = envoyFilters(under, workload);
  const context = {
    under,
    workload,
    topology,
    maybe,
    serviceOf: (host: string) => names.get(host) ?? host,
    protocolOf: (service: string) =>
      topology.services.find(({ name }) => name === service)?.protocol ?? ('http1' as const),
    localitiesOf: (service: string, labels: Readonly<Record<string, string>>) =>
      topology.instances
        .filter(
          (each) => each.service === service && isServer(each) && hasLabels(instanceLabels(each), labels),
        )
        .map(({ locality }) => locality),
  };
  const heldClusters = dumped(clusterAnswer, 'cluster');
  const endpoints = new Map(
    dumped(endpointAnswer, 'endpoint_config').map((each) => [each.cluster_name, each]),
  );
  const clusters = heldClusters.flatMap(
    (cluster) => readCluster(cluster, endpoints.get(cluster.name), context) ?? [],
  );
  const routes = dumped(routeAnswer, 'route_config');
  const hosts = routes.flatMap((configuration) => readHosts(configuration, context));
  const listeners = dumpedListeners(listenerAnswer);
  const held = {
    inbound: filterNames(listeners.filter(isInbound)),
    // A listener for calls is there in any case.
    outbound: isCaller(instance, topology) ? filterNames(listeners.filter(isOutbound)) : new Set<string>(),
  };
  const gateway = instance.gateway && readGateway(instance, listeners, context);
  const bytesTo = gateway === undefined ? bytesIn(listeners.filter(isOutbound)) : [];
  // Nothing that is under test holds for whoever is outside the mesh.
  const calls =
    isCaller(instance, topology) && !instance.outside
      ? callsOf(instance, topology, { clusters, hosts, bytesTo })
      : [];
  const { service, locality, role, network } = instance;
  const side = isServer(instance) ? 'server' : 'client';
  return {
    instance: instance.name,
    service,
    workload: instance.workload,
    locality,
    role,
    ...(network === undefined ? {} : { network }),
    ...(gateway === undefined ? {} : { gateway }),
    clusters,
    hosts,
    ...(bytesTo.length === 0 ? {} : { bytesTo }),
    filters: readFilters(
      (gateway === undefined ? listeners.filter(isOutbound) : listenersOf(instance, listeners)).flatMap(
        ({ filter_chains }) => filter_chains ?? [],
      ),
      context,
      routes,
    ),
    inbound: readInbound(listeners, heldClusters, context),
    ...(topology.tracing === undefined
      ? {}
      : {
          tracing: {
            calls: readTracing(listeners.filter(isOutbound), 'CLIENT', context),
            served: readTracing(listeners.filter(isInbound), 'SERVER', context),
          },
        }),
    ...readMetrics(listeners.filter(isOutbound), heldClusters, context),
    unused: [
      ...(gateway === undefined ? [] : unusedByGateway(gateway, hosts, context)),
      ...unusedMetricsAndLogs({ service, side }, under, filterNames(listeners)),
      ...(topology.tracing === undefined ? [] : unusedTelemetries(service, side, { under, workload })),
      ...calls.flatMap((ports) =>
        onEvery(ports.map((called) => unusedByCaller(called, { under, workload, calls: calls.flat() }))),
      ),
      ...(isServer(instance)
        ? [
            ...unusedByServer(service, { under, workload }),
            ...unusedByServedRequests(service, { under, workload, held }),
          ]
        : []),
      ...topology.calls
        .filter(({ from }) => from === service && !instance.outside && gateway === undefined)
        .flatMap(({ to }) => unusedByCalls(to, { under, workload, held })),
    ],
  };
}

/**
 * The services of the topology as a sidecar calls them, each on every port on which this one does; on all that it has
 * where it calls none itself, since routes may lead there.
 */
function callsOf(
  instance: Instance,
  topology: TopologyPlan,
  { clusters, hosts, bytesTo }: Required<Pick<Sidecar, 'clusters' | 'hosts' | 'bytesTo'>>,
): readonly (readonly CalledService[])[] {
  const { namespace } = topology;
  const { service } = instance;
  return servedBy(topology).map((each) => {
    const { name } = each;
    const host = serviceHost(name, namespace);
    const called = topology.calls.filter(({ from, to }) => from === service && to === name);
    const ports = called.length === 0 ? portsOf(each) : called.map(({ port }) => port ?? each.port);
    return ports.map((port) => ({
      name,
      host,
      namespace,
      port,
      calledOn: ports.join(' and '),
      isCalled: called.length > 0,
      clusters: clusters.filter((cluster) => cluster.service === name && cluster.port === port),
      bytesTo,
      virtualHost: isGateway(instance)
        ? { name, port, domains: [], routes: hosts.flatMap(({ routes }) => routes) }
        : hosts.find((other) => other.port === port && other.domains.includes(host)),
      labels: topology.instances
        .filter((other) => other.service === name && isServer(other))
        .map(instanceLabels),
    }));
  });
}

/** What is of no effect on any of the ports of a service. */
function onEvery([first = [], ...others]: readonly (readonly Unused[])[]): readonly Unused[] {
  const isSame = (a: Unused, b: Unused) =>
    a.about === b.about && a.setting.path === b.setting.path && a.setting.line === b.setting.line;
  return first.filter((each) => others.every((all) => all.some((other) => isSame(each, other))));
}
