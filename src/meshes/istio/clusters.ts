import type { ClusterNames } from '../envoy/clusters.ts';

/** What istiod calls clusters: "outbound|8080|SUBSET|edge-app.default.svc.cluster.local", "inbound|8080||". */
export const clusterNames: ClusterNames = {
  destinationOf(cluster) {
    const [direction = '', , , host = ''] = cluster.split('|');
    return {
      direction: direction === 'outbound' || direction === 'inbound' ? direction : 'none',
      service: host === '' ? '-' : shortName(host),
    };
  },
  patternOf: (service) =>
    // The host of a gateway is its own name, and a service's is followed by more.
    String.raw`outbound\|\d+\|[^|]*\|${service.replaceAll('.', '\\.')}${service.includes('.') ? '' : '\\.[^:;]*'}`,
  requests: { outbound: 'outbound_[^;]*', inbound: 'inbound_[^;]*' },
  controlPlane: 'xds-grpc',
};

/** "outbound|8080|v1|edge-app.default.svc.cluster.local" → "edge-app:8080 subset v1"; another name stays as it is. */
export function placeOf(cluster: string): string {
  const [, port, subset, host] = cluster.split('|');
  if (host === undefined) return cluster;
  return `${shortName(host)}:${port}${subset === '' ? '' : ` subset ${subset}`}`;
}

/** "edge-app.default.svc.cluster.local" → "edge-app"; a host that is none of the cluster's keeps its name. */
function shortName(host: string): string {
  return /\.svc\.[^.]+\.[^.]+$|\.svc$/.test(host) ? (host.split('.')[0] ?? host) : host;
}
