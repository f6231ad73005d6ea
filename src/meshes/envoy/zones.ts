import type { Zone } from '../../model/effective.ts';
import type { EnvoyEndpoints } from './config-dump.ts';

/** The hosts of a cluster by where they are. */
export function readZones(endpoints: EnvoyEndpoints | undefined): readonly Zone[] {
  return (endpoints?.endpoints ?? []).map(({ locality, priority, load_balancing_weight, lb_endpoints }) => ({
    locality: [locality?.region, locality?.zone, locality?.sub_zone].filter(Boolean).join('/'),
    priority: priority ?? 0,
    weight: load_balancing_weight,
    hosts: (lb_endpoints ?? []).flatMap(({ endpoint }) => {
      const socket = endpoint?.address?.socket_address;
      return socket === undefined ? [] : [`${socket.address}:${socket.port_value}`];
    }),
  }));
}

/** Beside those zones that have replicas of which the sidecar holds none. */
export function withEmptyZones(zones: readonly Zone[], localities: readonly string[]): readonly Zone[] {
  const held = new Set(zones.map(({ locality }) => locality));
  const missing = [...new Set(localities)].filter((locality) => !held.has(locality));
  return [...zones, ...missing.map((locality) => ({ locality, priority: 0, weight: undefined, hosts: [] }))];
}
