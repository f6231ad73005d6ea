import {
  type Instance,
  isClient,
  isGateway,
  isOfBytes,
  isServer,
  portsOf,
  type TopologyPlan,
  type TopologyService,
} from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { COLLECTOR } from '../../envoy/collector.ts';
import { instanceLabels } from '../labels.ts';
import {
  INSTANCE_LABEL,
  networkSeenFrom,
  portName,
  ROOT_NAMESPACE,
  serviceHost,
  spiffeId,
  UNSEEN_NETWORK,
} from '../names.ts';
import { plaintextPolicy } from '../plaintext.ts';
import { gatewayResources } from './gateways.ts';
import { hostResources, outsiderResources } from './outside.ts';

/** What a cluster would know by itself: services with their endpoints, and where each sidecar listens. */
export function topologyResources(
  request: Pick<HostMeshRequest, 'topology' | 'instances' | 'address' | 'port'>,
  withdrawn?: ReadonlySet<string>,
): object[] {
  const { namespace, services } = request.topology;
  const resources: object[] = serviceResources(request.topology, request.instances, withdrawn);
  const served = services.filter(({ name }) =>
    request.instances.some((instance) => instance.service === name && isServer(instance)),
  );
  const ports = new Set(served.flatMap(portsOf));
  if (request.topology.tracing !== undefined) {
    ports.add(request.port(COLLECTOR.port));
    resources.push(collector(request));
  }
  const ofBytes = new Set(services.filter(isOfBytes).map(({ port }) => port));
  // By its routes is known what configuration a sidecar holds, so that each has to have some.
  const routeless = [...ports].every((port) => ofBytes.has(port));
  if (routeless) resources.push(calledByNobody(namespace));
  for (const instance of request.instances) {
    // Gateways have Gateway resources in the place of these.
    if (isGateway(instance)) continue;
    if (instance.outside) {
      resources.push(...outsiderResources(instance, request));
      continue;
    }
    const service = services.find(({ name }) => name === instance.service);
    resources.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: `breakwater-${instance.name}`, namespace },
      spec: {
        workloadSelector: { labels: { [INSTANCE_LABEL]: instance.name } },
        // Without an explicit bind the agent picks an address that is not on loopback.
        ingress:
          isClient(instance) || service === undefined
            ? []
            : namedPorts(service).map((port) => ({
                port,
                bind: instance.address,
                captureMode: 'NONE',
                // All of them lead to the app's one port.
                defaultEndpoint: `0.0.0.0:${instance.appPort}`,
              })),
        egress: [...ports, ...(routeless ? [NOBODY_PORT] : [])].map((number) => ({
          port: ofBytes.has(number)
            ? { number, protocol: 'TCP', name: `tcp-${number}` }
            : { number, protocol: 'HTTP', name: `http-${number}` },
          bind: instance.egressAddress,
          captureMode: 'NONE',
          hosts: ['*/*'],
        })),
      },
    });
  }
  resources.push(
    ...hostResources(request),
    ...gatewayResources(request),
    ...plaintextPolicy(request.topology),
  );
  return resources;
}

/** Whoever takes spans, as a service: sidecars find nobody else. */
function collector({
  topology: { tracing },
  address,
  port,
}: Pick<HostMeshRequest, 'topology' | 'address' | 'port'>): object {
  const number = port(COLLECTOR.port);
  const protocol = tracing?.protocol === 'otlp-grpc' ? 'GRPC' : 'HTTP';
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'breakwater-collector', namespace: ROOT_NAMESPACE },
    spec: {
      hosts: [COLLECTOR.host],
      location: 'MESH_EXTERNAL',
      resolution: 'STATIC',
      ports: [{ number, name: protocol.toLowerCase(), protocol }],
      endpoints: [{ address }],
    },
  };
}

/** Among those that no service may have. */
const NOBODY_PORT = 15_099;

/** A service of HTTP that is there for its routes. */
const calledByNobody = (namespace: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'breakwater-nobody', namespace },
  spec: {
    hosts: ['nobody.breakwater.internal'],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: NOBODY_PORT, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '127.0.0.1' }],
  },
});

/** A replica in reach of its mesh, and the relays that callers find in its place. */
type Reached = Instance & Pick<HostInstance, 'address'> & Partial<Pick<HostInstance, 'relays'>>;

/** The services of a topology with their endpoints. */
export function serviceResources(
  { namespace, services }: TopologyPlan,
  instances: readonly Reached[],
  /** Names of replicas that nobody is told of; what their own sidecars take, their Sidecar resources say. */
  withdrawn: ReadonlySet<string> = new Set(),
): object[] {
  return services.flatMap((service) => {
    const { name, serviceAccount } = service;
    const replicas = instances.filter((instance) => instance.service === name && isServer(instance));
    if (replicas.length === 0) return [];
    return [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: `breakwater-${name}`, namespace },
        spec: {
          hosts: [serviceHost(name, namespace)],
          location: 'MESH_INTERNAL',
          resolution: 'STATIC',
          ports: namedPorts(service),
          subjectAltNames: [spiffeId(namespace, serviceAccount)],
          endpoints: replicas
            .filter((replica) => !withdrawn.has(replica.name))
            .flatMap((replica) => endpointsOf(replica, service)),
        },
      },
    ];
  });
}

/**
 * A replica where its own sidecar is known by it, and once more for each relay that callers find in its place: those of
 * a locality look at what is in the network of that name, and at what is in none.
 */
function endpointsOf(replica: Reached, service: TopologyService): object[] {
  const { relays = [] } = replica;
  const endpoint = {
    address: replica.address,
    locality: replica.locality,
    serviceAccount: replica.serviceAccount,
    labels: { ...instanceLabels(replica), 'security.istio.io/tlsMode': 'istio' },
  };
  if (relays.length === 0) {
    return [replica.network === undefined ? endpoint : { ...endpoint, network: replica.network }];
  }
  return [
    { ...endpoint, network: UNSEEN_NETWORK },
    ...relays.map(({ from, address, ports }) => ({
      ...endpoint,
      address,
      ports: Object.fromEntries([...ports].map(([of, port]) => [portName(of, service), port])),
      network: networkSeenFrom(from),
    })),
  ];
}

/** By how the name of a port begins. */
const istioProtocols: Readonly<Record<string, string>> = {
  http: 'HTTP',
  http2: 'HTTP2',
  grpc: 'GRPC',
  tcp: 'TCP',
};

/** Every port of a service with its name and its protocol; callers speak HTTP/1.1 to their own sidecars all the same. */
const namedPorts = (service: TopologyService) =>
  portsOf(service).map((number) => ({
    number,
    name: portName(number, service),
    protocol: istioProtocols[portName(number, service).split('-')[0] ?? ''],
  }));
