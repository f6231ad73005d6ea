import type { Protocol, TopologyService } from '../../model/topology.ts';

/** Trust domain of every lab, and the domain of its services. */
export const TRUST_DOMAIN = 'cluster.local';

/** Where istiod lives, and whose resources hold for every namespace. */
export const ROOT_NAMESPACE = 'istio-system';

/** Where clients outside the mesh are, on one host: nothing of the mesh's own namespaces holds for them. */
export const OUTSIDE_NAMESPACE = 'breakwater-outside';

/** "edge-app" in "default" → "edge-app.default.svc.cluster.local"; the host of a gateway, which has a dot, is its own name. */
export function serviceHost(service: string, namespace: string): string {
  return service.includes('.') ? service : `${service}.${namespace}.svc.${TRUST_DOMAIN}`;
}

/** The SPIFFE identity of a service account. */
export function spiffeId(namespace: string, serviceAccount: string): string {
  return `spiffe://${TRUST_DOMAIN}/ns/${namespace}/sa/${serviceAccount}`;
}

/** Label that ties a Sidecar resource to one replica. */
export const INSTANCE_LABEL = 'breakwater.dev/instance';

const protocolNames: Readonly<Record<Protocol, string>> = { http1: 'http', http2: 'http2', grpc: 'grpc' };

/** What a port of a service is called, which tells Istio its protocol: "http", "http2", "grpc"; "http-9090" for a further one. */
export function portName(
  number: number,
  { port, portName: named, protocol = 'http1' }: Pick<TopologyService, 'port' | 'portName' | 'protocol'>,
): string {
  if (named !== undefined && number === port) return named.text;
  const name = protocolNames[protocol];
  return number === port ? name : `${name}-${number}`;
}

/** The network of what the sidecars of one locality see and no others do. */
export const networkSeenFrom = (locality: string) => `seen-from-${locality.replaceAll('/', '-')}`;

/** The network that no sidecar sees: of replicas that are found elsewhere. */
export const UNSEEN_NETWORK = 'unseen';
