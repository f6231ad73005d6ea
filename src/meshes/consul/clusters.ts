import type { ClusterNames } from '../envoy/clusters.ts';

/** What a cluster of one of Consul's sidecars is about. */
interface ClusterName {
  readonly service: string;
  readonly subset: string | undefined;
}

/**
 * "edge-app.default.dc1.internal.TRUST.consul", with a subset before it where it is one, and with "failover-target~" or
 * the hash of a changed discovery chain before all; of a peer "edge-app.default.PEER.external.TRUST.consul".
 */
const upstream =
  /^(?:[^.:]*~)*(?:([^.:~]+)\.)?([^.:~]+)\.default\.[^.:]+\.(?:internal|external)\.[^.:]+\.consul$/;

/** The parts of the name of a cluster that leads to a service; undefined for others. */
export function clusterName(cluster: string): ClusterName | undefined {
  const [, subset, service] = upstream.exec(cluster) ?? [];
  return service === undefined ? undefined : { service, subset };
}

/** "edge-app.default.default.east.external.TRUST.consul": what the peer east asks the gateways of another one for. */
const asked = /^([^.]+)\.default\.(?:default\.)?([^.]+)\.external\.[^.]+\.consul$/;

/** The service that a name is for which a peer asks a gateway for, and that peer; undefined for others. */
export function askedByPeer(name: string): { readonly service: string; readonly peer: string } | undefined {
  const [, service, peer] = asked.exec(name) ?? [];
  return service === undefined || peer === undefined ? undefined : { service, peer };
}

/** Whether it is a gateway's, for what it passes on to a service for other datacenters. */
export const isExported = (cluster: string): boolean => cluster.startsWith('exported~');

/** What Consul calls clusters. */
export const clusterNames: ClusterNames = {
  destinationOf(cluster) {
    if (cluster === 'local_app') return { direction: 'inbound', service: '-' };
    const name = clusterName(cluster);
    return name === undefined
      ? { direction: 'none', service: '-' }
      : { direction: 'outbound', service: name.service };
  },
  patternOf: (service) =>
    String.raw`(?:[^.:]*~)*(?:[^.:~]+\.)?${service}\.default\.[^.:]+\.(?:internal|external)\.[^.:]+\.consul`,
  requests: { outbound: String.raw`upstream\..*`, inbound: 'public_listener' },
  controlPlane: 'local_agent',
};

/** "v2.edge-app.default.dc1.internal.TRUST.consul" → "edge-app subset v2"; another name stays as it is. */
export function placeOf(cluster: string): string {
  const name = clusterName(cluster);
  if (name === undefined) return cluster;
  return name.subset === undefined ? name.service : `${name.service} subset ${name.subset}`;
}
