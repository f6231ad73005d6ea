import { isServer, type TopologyPlan } from '../../model/topology.ts';

/** How the ids of clusters begin, by which their trust domains are called. */
const CLUSTER_ID = '0b5ea17e-7000-4000-8000-6d657368657';

/** More networks than that no lab with Consul has. */
export const MOST_NETWORKS = 4;

/** What one agent of a lab is for: a network of the topology, which is a datacenter, and a peer of all others. */
export interface Datacenter {
  /** Its name, by which others know it as their peer, too. */
  readonly name: string;
  /** Undefined in a lab without networks, which is one datacenter. */
  readonly network: string | undefined;
  /** Its place among those of the lab, from 0. */
  readonly index: number;
  /** What its trust domain is called by: the same in every lab, and after a restart. */
  readonly clusterId: string;
  /** Names of its peers. */
  readonly peers: readonly string[];
}

/** The datacenters of a lab: one for each network, in the order in which they are written, or one for all. */
export function datacentersOf({ instances }: Pick<TopologyPlan, 'instances'>): readonly Datacenter[] {
  const networks = [...new Set(instances.flatMap(({ network }) => network ?? []))];
  if (networks.length === 0) return [ONLY_DATACENTER];
  return networks.map((network, index) => ({
    name: network,
    network,
    index,
    clusterId: `${CLUSTER_ID}${(index + 3).toString(16)}`,
    peers: networks.filter((other) => other !== network),
  }));
}

/** That of a lab without networks. */
export const ONLY_DATACENTER: Datacenter = {
  name: 'dc1',
  network: undefined,
  index: 0,
  clusterId: `${CLUSTER_ID}3`,
  peers: [],
};

/** What is in a datacenter. */
export const within = <Each extends { readonly network?: string }>(
  all: readonly Each[],
  { network }: Pick<Datacenter, 'network'>,
): readonly Each[] => all.filter((each) => each.network === network);

/** The gateways of a datacenter through which its peers reach it. */
export const gatewaysOf = <Each extends { readonly network?: string; readonly gateway?: string }>(
  all: readonly Each[],
  datacenter: Pick<Datacenter, 'network'>,
): readonly Each[] => within(all, datacenter).filter(({ gateway }) => gateway === 'east-west');

/** Services that somebody calls from a network in which there is no replica of them. */
export function calledFromAfar({
  calls,
  instances,
}: Pick<TopologyPlan, 'calls' | 'instances'>): readonly { readonly to: string; readonly network: string }[] {
  return calls.flatMap(({ from, to }) => {
    const callers = new Set(
      instances.filter(({ service }) => service === from).flatMap(({ network }) => network ?? []),
    );
    const there = instances.filter((each) => each.service === to && isServer(each));
    return [...callers]
      .filter((network) => there.length > 0 && !there.some((each) => each.network === network))
      .map((network) => ({ to, network }));
  });
}
