import { handshakeCounters } from '../envoy/credentials.ts';

/** What every sidecar is configured with, on one host and in a cluster. */
export const proxySettings = {
  // The less is in the buffer, the less is lost when a fault kills the sidecar.
  fileFlushInterval: '0.25s',
  concurrency: 1,
  // Envoy's outlier and circuit breaker statistics are left out by default, and so is what tells whether a request
  // is under way and whether its log is written.
  proxyStatsMatcher: {
    inclusionPrefixes: [
      'cluster.outbound',
      'cluster_manager',
      'listener_manager',
      'http.outbound',
      'http.inbound',
      'filesystem',
    ],
    // Whether anybody makes connections with a certificate.
    inclusionSuffixes: handshakeCounters,
  },
} as const;

/** `proxyStatsMatcher` of a sidecar that reports spans: what it says of them, too. */
export const statisticsWithSpans = {
  ...proxySettings.proxyStatsMatcher,
  inclusionPrefixes: [...proxySettings.proxyStatsMatcher.inclusionPrefixes, 'tracing'],
} as const;
