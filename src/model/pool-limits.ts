/** The limits of a pool that are looked for, by their path below its settings. Each holds for one client proxy and service. */
export const limitNames = [
  'tcp.maxConnections',
  'http.http1MaxPendingRequests',
  'http.http2MaxRequests',
] as const;
export type LimitName = (typeof limitNames)[number];

/** Some of the limits, each a whole number from 1. */
export type PoolLimits = Readonly<Partial<Record<LimitName, number>>>;
