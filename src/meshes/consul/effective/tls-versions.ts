import type { TlsVersions } from '../../../model/effective.ts';
import type { TransportSocket } from '../../envoy/config-dump.ts';
import { type EntriesUnderTest, fieldOf, toldBy } from './entries.ts';

/**
 * What Envoy speaks where nobody says anything: as a caller nothing newer than 1.2.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
 */
const usual = { Outgoing: 'TLSv1_2', Incoming: 'TLSv1_3' } as const;
const usualLeast = 'TLSv1_2';

/** Which versions of TLS a sidecar speaks when it calls, or takes for its app; nothing where it speaks none. */
export function readTlsVersions(
  way: 'Outgoing' | 'Incoming',
  socket: TransportSocket | undefined,
  under: EntriesUnderTest,
): { readonly tlsVersions?: TlsVersions } {
  const context = socket?.typed_config?.common_tls_context;
  if (context === undefined) return {};
  const { tls_minimum_protocol_version: least, tls_maximum_protocol_version: most } =
    context.tls_params ?? {};
  const entry = under.all.find(({ kind }) => kind === 'mesh');
  const place = entry && { resource: entry, path: [] };
  const told = (value: string | undefined, field: string, fallback: string) => {
    const held = value === undefined || value === 'TLS_AUTO' ? fallback : value;
    return toldBy(
      held,
      [fieldOf(place, 'TLS', way, field)],
      (written) => (typeof written === 'string' && written !== 'TLS_AUTO' ? written : undefined),
      `TLS.${way}.${field}`,
      { value: fallback, of: 'Envoy' },
    );
  };
  return {
    tlsVersions: {
      least: told(least, 'TLSMinVersion', usualLeast),
      most: told(most, 'TLSMaxVersion', usual[way]),
    },
  };
}
