import type { LoggedEnding } from '../../model/ending.ts';

/** Where a cluster of Envoy's leads. */
type Destination = Pick<LoggedEnding, 'service' | 'direction'>;

/** What a mesh calls the clusters of its Envoys. */
export interface ClusterNames {
  /** Where the cluster of that name leads; a name that it did not give leads nowhere. */
  destinationOf(cluster: string): Destination;
  /** Regular expression, without groups that count, for the names of the clusters that lead to a service. */
  patternOf(service: string): string;
  /** Regular expressions for what the statistics of requests begin with after `http.`: those that go out, and those that come in. */
  readonly requests: { readonly outbound: string; readonly inbound: string };
  /** Name of the cluster through which a sidecar hears from its control plane. */
  readonly controlPlane: string;
}
