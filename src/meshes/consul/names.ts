/** The one datacenter of a lab. */
export const DATACENTER = 'dc1';

/** The id of the cluster, which its trust domain is called by: the same in every lab, and after a restart. */
export const CLUSTER_ID = '0b5ea17e-7000-4000-8000-6d6573686573';

/** "edge-app" → "edge-app.virtual.consul", the name that Consul's DNS has for a service in the mesh. */
export const serviceHost = (service: string): string => `${service}.virtual.consul`;

/** Name of the service that only the marker of a revision is about. */
export const MARKER_SERVICE = 'breakwater-revision';

/** The id of an instance's sidecar, by which it asks for its configuration. */
export const proxyId = (instance: string): string => `${instance}-sidecar-proxy`;
