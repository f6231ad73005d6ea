import type { ClusterNames } from '../envoy/clusters.ts';

/** What a cluster of one of Consul's sidecars is about. */
interface ClusterName {
  readonly service: string;
  readonly subset: string | undefined;
}

/**
 * "edge-app.default.dc1.internal.TRUST.consul", with a subset before it where it is one, and with "failover-target~" or
 * the hash of a changed discovery chain before all.
 */
const upstream = /^(?:[^.:]*~)*(?:([^.:~]+)\.)?([^.:~]+)\.default\.[^.:]+\.internal\.[^.:]+\.consul$/;

/** The parts of the name of a cluster that leads to a service; undefined for others. */
export function clusterName(cluster: string): ClusterName | undefined {
  const [, subset, service] = upstream.exec(cluster) ?? [];
  return service === undefined ? undefined : { service, subset };
}

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
    String.raw`(?:[^.:]*~)*(?:[^.:~]+\.)?${service}\.default\.[^.:]+\.internal\.[^.:]+\.consul`,
  requests: { outbound: String.raw`upstream\..*`, inbound: 'public_listener' },
  controlPlane: 'local_agent',
};

/** "v2.edge-app.default.dc1.internal.TRUST.consul" → "edge-app subset v2"; another name stays as it is. */
export function placeOf(cluster: string): string {
  const name = clusterName(cluster);
  if (name === undefined) return cluster;
  return name.subset === undefined ? name.service : `${name.service} subset ${name.subset}`;
}
