/** Ports of the agent in its pod. */
export const agentPorts = { http: 8_500, grpc: 8_502, rpc: 8_300, gossip: 8_301 } as const;

/** Of a pod: where its sidecar takes requests from others. */
export const SIDECAR_PORT = 20_000;

/** Envoy's admin interface, inside its pod alone. */
export const ADMIN_PORT = 19_000;

/** Of the marker, which nobody calls. */
export const MARKER_PORT = 21_000;
