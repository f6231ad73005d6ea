import { accessLogFormatWith } from '../envoy/access-log-format.ts';

/** What a sidecar makes of who a gateway says has called it; "-" where nobody says anything. */
const told = (what: string) => `%DYNAMIC_METADATA(consul:${what})%`;

/** Who the other side is, and behind it, where that is a gateway, who the call is from. */
export const accessLogFormat = accessLogFormatWith(
  ['%DOWNSTREAM_PEER_URI_SAN%', ...['trust-domain', 'datacenter', 'service'].map(told)].join(';'),
);

/**
 * The caller as a sidecar sees it: whom it speaks with, and where that is the gateway of its own datacenter, the one for
 * whom that calls, as authorization has it too. A gateway ends the TLS of the caller, and says in a header who that was.
 */
export function callerIn(peer: string): string {
  const [other = '-', trust = '-', datacenter = '-', service = '-'] = peer.split(';');
  return other.includes('/gateway/mesh/') && service !== '-'
    ? `spiffe://${trust}/ns/default/dc/${datacenter}/svc/${service}`
    : other;
}
