/** The limits of a pool that are looked for, by their path below its settings. Each holds for one client proxy and service. */
export const limitNames = [
  'tcp.maxConnections',
  'http.http1MaxPendingRequests',
  'http.http2MaxRequests',
  'http.maxRequestsPerConnection',
] as const;
export type LimitName = (typeof limitNames)[number];

/** After how many requests a connection is closed. It refuses nobody: the smaller it is, the more connections have to be opened. */
export const PER_CONNECTION = 'http.maxRequestsPerConnection' satisfies LimitName;

/** The largest that a mesh takes: what a limit is set to that shall not hold. */
export const NO_LIMIT = 2_147_483_647;

/** Some of the limits, each a whole number from 1. */
export type PoolLimits = Readonly<Partial<Record<LimitName, number>>>;
