import type { TopologyService } from '../../model/topology.ts';

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

/** What a port of a service is called, which tells Istio its protocol: "http", "http2"; "http-9090" for a further one. */
export function portName(
  number: number,
  { port, protocol }: Pick<TopologyService, 'port' | 'protocol'>,
): string {
  const name = protocol === 'http2' ? 'http2' : 'http';
  return number === port ? name : `${name}-${number}`;
}
