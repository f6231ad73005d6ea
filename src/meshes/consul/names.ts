import { isOfBytes, type TopologyService } from '../../model/topology.ts';

/** "edge-app" → "edge-app.virtual.consul", the name that Consul's DNS has for a service in the mesh. */
export const serviceHost = (service: string): string => `${service}.virtual.consul`;

/** Name of the service that only the marker of a revision is about. */
export const MARKER_SERVICE = 'breakwater-revision';

/** The id of an instance's sidecar, by which it asks for its configuration. */
export const proxyId = (instance: string): string => `${instance}-sidecar-proxy`;

/** What Consul is to take a service of a topology to speak. */
export const protocolOf = (
  service: Pick<TopologyService, 'portName' | 'protocol'>,
): 'tcp' | 'http' | 'http2' | 'grpc' => {
  if (isOfBytes(service)) return 'tcp';
  const { protocol = 'http1' } = service;
  return protocol === 'http1' ? 'http' : protocol;
};
