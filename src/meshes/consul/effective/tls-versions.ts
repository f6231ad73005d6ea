import type { TlsVersions } from '../../../model/effective.ts';
import type { TransportSocket } from '../../envoy/config-dump.ts';
import { type EntriesUnderTest, fieldOf, toldBy } from './entries.ts';

/**
 * What Envoy speaks where nobody says anything: as a caller nothing newer than 1.2.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
 */
const usual = {
  Outgoing: { TLSMinVersion: 'TLSv1_2', TLSMaxVersion: 'TLSv1_2' },
  Incoming: { TLSMinVersion: 'TLSv1_2', TLSMaxVersion: 'TLSv1_3' },
} as const;

type Way = keyof typeof usual;
type Limit = keyof (typeof usual)[Way];

/** The version that is spoken where this is said, or held, of a limit. */
export const spokenVersion = (way: Way, limit: Limit, said: unknown): string =>
  typeof said === 'string' && said !== '' && said !== 'TLS_AUTO' ? said : usual[way][limit];

/** Which versions of TLS a sidecar speaks when it calls, or takes for its app; nothing where it speaks none. */
export function readTlsVersions(
  way: Way,
  socket: TransportSocket | undefined,
  under: EntriesUnderTest,
): { readonly tlsVersions?: TlsVersions } {
  const context = socket?.typed_config?.common_tls_context;
  if (context === undefined) return {};
  const { tls_minimum_protocol_version: least, tls_maximum_protocol_version: most } =
    context.tls_params ?? {};
  const entry = under.all.find(({ kind }) => kind === 'mesh');
  const place = entry && { resource: entry, path: [] };
  const told = (held: string | undefined, limit: Limit) =>
    toldBy(
      spokenVersion(way, limit, held),
      [fieldOf(place, 'TLS', way, limit)],
      (written) => (typeof written === 'string' && written !== 'TLS_AUTO' ? written : undefined),
      `TLS.${way}.${limit}`,
      { value: usual[way][limit], of: 'Envoy' },
    );
  return { tlsVersions: { least: told(least, 'TLSMinVersion'), most: told(most, 'TLSMaxVersion') } };
}
