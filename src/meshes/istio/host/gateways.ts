import { isGateway, servedBy } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { INSTANCE_LABEL, ROOT_NAMESPACE, serviceHost } from '../names.ts';

/** Usual port of a listener that every gateway has, whatever is under test. */
export const gatewayPort = 15_022;

const connectionManager = 'envoy.filters.network.http_connection_manager';

/**
 * What makes routers of Istio's usable on one host. Each listens on its own address: istiod binds a gateway's listeners
 * to every address of the machine, where they would meet. And each has one listener with routes of the lab's own, since
 * routes say which revision of the configuration a proxy holds, and a gateway has none until one is under test; through
 * an ingress gateway's the first requests go.
 */
export function gatewayResources({
  topology,
  instances,
  port,
}: Pick<HostMeshRequest, 'topology' | 'instances' | 'port'>): object[] {
  const gateways = instances.filter(isGateway);
  const ingress = gateways.filter(({ gateway }) => gateway === 'ingress');
  return [
    ...gateways.flatMap((gateway) => [
      ownListener(gateway, port(gatewayPort)),
      ownAddress(gateway, topology),
    ]),
    ...(ingress.length === 0
      ? []
      : servedBy(topology).map((service) => ({
          apiVersion: 'networking.istio.io/v1',
          kind: 'VirtualService',
          metadata: { name: `breakwater-${service.name}`, namespace: ROOT_NAMESPACE },
          spec: {
            hosts: [serviceHost(service.name, topology.namespace)],
            gateways: ingress.map(({ name }) => `${ROOT_NAMESPACE}/breakwater-${name}`),
            http: [
              {
                route: [
                  {
                    destination: {
                      host: serviceHost(service.name, topology.namespace),
                      port: { number: service.port },
                    },
                  },
                ],
              },
            ],
          },
        }))),
  ];
}

const ownListener = ({ name }: HostInstance, number: number) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: `breakwater-${name}`, namespace: ROOT_NAMESPACE },
  spec: {
    selector: { [INSTANCE_LABEL]: name },
    servers: [{ port: { number, name: 'http-breakwater', protocol: 'HTTP' }, hosts: ['*'] }],
  },
});

/** Its address, and that a request keeps the id by which it is known: at the edge an Envoy makes a new one. */
const ownAddress = (
  { name, address }: HostInstance,
  { namespace }: Pick<HostMeshRequest['topology'], 'namespace'>,
) => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: `breakwater-${name}`, namespace },
  spec: {
    workloadSelector: { labels: { [INSTANCE_LABEL]: name } },
    configPatches: [
      {
        applyTo: 'LISTENER',
        match: { context: 'GATEWAY' },
        patch: { operation: 'MERGE', value: { address: { socket_address: { address } } } },
      },
      {
        applyTo: 'NETWORK_FILTER',
        match: {
          context: 'GATEWAY',
          listener: { filterChain: { filter: { name: connectionManager } } },
        },
        patch: {
          operation: 'MERGE',
          value: {
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              preserve_external_request_id: true,
            },
          },
        },
      },
    ],
  },
});
