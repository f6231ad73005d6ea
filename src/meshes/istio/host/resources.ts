import { isClient, isGateway, isServer, portsOf, type TopologyService } from '../../../model/topology.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { instanceLabels } from '../labels.ts';
import { INSTANCE_LABEL, portName, serviceHost, spiffeId } from '../names.ts';
import { plaintextPolicy } from '../plaintext.ts';
import { gatewayResources } from './gateways.ts';
import { hostResources, outsiderResources } from './outside.ts';

/** What a cluster would know by itself: services with their endpoints, and where each sidecar listens. */
export function topologyResources(
  request: Pick<HostMeshRequest, 'topology' | 'instances' | 'port'>,
): object[] {
  const { namespace, services } = request.topology;
  const resources: object[] = [];
  const ports = new Set<number>();
  for (const service of services) {
    const { name, serviceAccount } = service;
    const replicas = request.instances.filter((instance) => instance.service === name && isServer(instance));
    if (replicas.length === 0) continue;
    for (const port of portsOf(service)) ports.add(port);
    resources.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: `breakwater-${name}`, namespace },
      spec: {
        hosts: [serviceHost(name, namespace)],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: namedPorts(service),
        subjectAltNames: [spiffeId(namespace, serviceAccount)],
        endpoints: replicas.map((replica) => ({
          address: replica.address,
          locality: replica.locality,
          ...(replica.network === undefined ? {} : { network: replica.network }),
          serviceAccount: replica.serviceAccount,
          labels: { ...instanceLabels(replica), 'security.istio.io/tlsMode': 'istio' },
        })),
      },
    });
  }
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
        egress: [...ports].map((number) => ({
          port: { number, protocol: 'HTTP', name: `http-${number}` },
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

/** Every port of a service with its name and its protocol; callers speak HTTP/1.1 to their own sidecars all the same. */
const namedPorts = (service: TopologyService) =>
  portsOf(service).map((number) => ({
    number,
    name: portName(number, service),
    protocol: service.protocol === 'http2' ? 'HTTP2' : 'HTTP',
  }));
