import { type Instance, isServer } from '../../../model/topology.ts';
import type { EnvoyCluster } from '../../envoy/config-dump.ts';
import { askedByPeer, clusterName } from '../clusters.ts';
import { metaOf } from '../metadata.ts';

/** Identities of which the other side has to have one. */
export function identitiesOf({ transport_socket }: EnvoyCluster): readonly string[] {
  const validation = transport_socket?.typed_config?.common_tls_context?.validation_context;
  const typed = (validation?.match_typed_subject_alt_names ?? []).flatMap(({ matcher }) => matcher ?? []);
  return [...(validation?.match_subject_alt_names ?? []), ...typed].flatMap(({ exact }) => exact ?? []);
}

/** The datacenter that a cluster leads to, by whom it may speak with. */
export const datacenterOf = (cluster: EnvoyCluster): string | undefined =>
  identitiesOf(cluster).flatMap((identity) => /\/dc\/([^/]+)/.exec(identity)?.[1] ?? [])[0];

/** The subset that a part of an aggregate leads to, by the name that it asks for; `own` where it asks for none. */
export function subsetOf({ transport_socket }: EnvoyCluster, own: string | undefined): string | undefined {
  const name = transport_socket?.typed_config?.sni;
  if (name === undefined) return own;
  return askedByPeer(name) === undefined ? clusterName(name)?.subset : undefined;
}

/** Where replicas are, as the topology says it. */
export class Replicas {
  readonly #servers: readonly Instance[];

  constructor(instances: readonly Instance[]) {
    this.#servers = instances.filter(isServer);
  }

  /** The one locality of the replicas of a service in a network that have these labels; empty where they are in several. */
  placeOf({
    service,
    network,
    labels,
  }: {
    readonly service: string;
    readonly network: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
  }): string {
    const meant = this.#servers.filter((each) => {
      const meta = metaOf(each);
      return (
        each.service === service &&
        (network === undefined || each.network === network) &&
        Object.entries(labels).every(([name, value]) => meta[name] === value)
      );
    });
    const [first = '', ...others] = new Set(meant.map(({ locality }) => locality));
    return others.length === 0 ? first : '';
  }
}
