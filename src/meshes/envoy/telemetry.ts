import type { MeshTelemetry } from '../contract.ts';
import { ACCESS_LOG_MARK } from './access-log-format.ts';
import { EnvoyLogReader } from './access-log-reader.ts';
import type { ClusterNames } from './clusters.ts';
import { envoyMetrics } from './metrics.ts';
import { probeOfLine } from './probe-line.ts';
import { envoySpans } from './spans.ts';
import { envoyStatistics } from './statistics.ts';

/**
 * How Envoys tell what they do, in a mesh that calls their clusters so. Its sidecars must log in `accessLogFormat`, or
 * in one in which `identityIn` finds who the other side is; `isAlwaysCertified` where they take nothing for their apps
 * from anybody without a certificate.
 */
export function envoyTelemetry(
  clusters: ClusterNames,
  {
    identityIn,
    isAlwaysCertified,
  }: { readonly identityIn?: (peer: string) => string; readonly isAlwaysCertified?: boolean } = {},
): MeshTelemetry {
  return {
    accessLog: {
      mark: `${ACCESS_LOG_MARK} `,
      logs: 'both',
      reader: () => new EnvoyLogReader(clusters, isAlwaysCertified),
      probe: (line) => probeOfLine(line, identityIn),
    },
    statistics: envoyStatistics(clusters),
    spans: envoySpans,
    metrics: envoyMetrics(clusters),
  };
}
