import type { Keepalive } from '../../model/effective.ts';
import { durationMs, type EnvoyCluster } from './config-dump.ts';

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** What a cluster says of HTTP to its hosts. */
export const optionsOf = (cluster: EnvoyCluster) => cluster.typed_extension_protocol_options?.[httpOptions];

/** How a cluster asks on its connections of HTTP/2 whether the other end is there; null where it does not. */
export function keepaliveOf(cluster: EnvoyCluster): Keepalive | null {
  const asked = optionsOf(cluster)?.explicit_http_config?.http2_protocol_options?.connection_keepalive;
  return asked?.interval === undefined || asked.timeout === undefined
    ? null
    : { intervalMs: durationMs(asked.interval), timeoutMs: durationMs(asked.timeout) };
}
