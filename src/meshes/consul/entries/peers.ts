import { quote } from '../../../kit/nearest.ts';
import { mapAt, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { isServer, type TopologyPlan } from '../../../model/topology.ts';
import { type Datacenter, gatewaysOf, within } from '../datacenters.ts';
import { isFor, NETWORK_OF_ENTRY, networkOf } from './networks.ts';
import type { Entry } from './read.ts';
import { listAt, meant, textAt } from './written.ts';

/** A network that an entry is for, and the topology has not. */
export function mistakesInNetwork(entry: Entry, all: readonly Datacenter[]): readonly Problem[] {
  const own = networkOf(entry);
  const networks = all.flatMap(({ network }) => network ?? []);
  // Names of metadata are the author's own, and this one is told from others by its letters.
  const alike = Object.keys(mapAt(entry.value, ['Meta']) ?? {}).find(
    (name) => name !== 'network' && name.toLowerCase() === 'network',
  );
  if (alike !== undefined && networks.length > 0) {
    const message = `an entry is for a network by "network" in its Meta, and not by ${quote(alike)}`;
    return [entry.problem(['Meta', alike], message, 'write network', 'key')];
  }
  if (own === undefined || networks.includes(own)) return [];
  return networks.length === 0
    ? [entry.problem(NETWORK_OF_ENTRY, `the topology has no networks, and this is for ${quote(own)}`)]
    : [entry.problem(NETWORK_OF_ENTRY, `the topology has no network ${quote(own)}`, meant(own, networks))];
}

/** Other datacenters, and peers that a datacenter has not. */
export function mistakesInPeers(entry: Entry, datacenter: Datacenter): readonly Problem[] {
  const { name, network, peers, index } = datacenter;
  return placesOf(entry).flatMap((at) => {
    const written = (field: string) => [valueAt(entry.value, [...at, field])].flat();
    const elsewhere = (['Datacenters', 'Datacenter'] as const).find(
      (field) => !written(field).every((each) => [undefined, '', name].includes(each as string)),
    );
    if (elsewhere !== undefined) {
      const message =
        network === undefined
          ? `unsupported here, because a lab without networks is one datacenter, ${name}`
          : 'unsupported here, because the networks of a lab are peers, and know no datacenters of each other';
      const hint = network === undefined ? undefined : `write Peer, which is the name of a network`;
      return [entry.problem([...at, elsewhere], message, hint)];
    }
    const peer = textAt(entry.value, [...at, 'Peer']);
    if (peer === undefined || peers.includes(peer)) return [];
    const place = [...at, 'Peer'];
    if (network === undefined) {
      return [entry.problem(place, 'unsupported here, because a lab without networks has no peers')];
    }
    if (peer !== network) {
      // What is for all networks is wrong in all of them alike.
      const known = networkOf(entry) === undefined ? peers.toSpliced(index, 0, network) : peers;
      return [
        peer === '*'
          ? entry.problem(place, 'a peer is named, and "*" is none', `there are ${known.join(', ')}`)
          : entry.problem(place, `the topology has no network ${quote(peer)}`, meant(peer, known)),
      ];
    }
    const hint =
      networkOf(entry) === undefined
        ? `an entry is for all networks unless it says which: Meta { network = ${quote(peers[0])} }`
        : `its peers are ${peers.join(', ')}`;
    return [entry.problem(place, `the network ${network} is no peer of its own`, hint)];
  });
}

/** Blocks of an entry that may name a peer, or another datacenter. */
function placesOf(entry: Entry): readonly Path[] {
  const each = (list: Path) => listAt(entry.value, list).map((_, index): Path => [...list, index]);
  switch (entry.kind) {
    case 'service-resolver':
      return [
        ['Redirect'],
        ...Object.keys(mapAt(entry.value, ['Failover']) ?? {}).flatMap((subset): readonly Path[] => [
          ['Failover', subset],
          ...each(['Failover', subset, 'Targets']),
        ]),
      ];
    case 'service-intentions':
      return each(['Sources']);
    case 'service-defaults':
      return each(['UpstreamConfig', 'Overrides']);
    case 'exported-services':
      return each(['Services']).flatMap((service) => each([...service, 'Consumers']));
    default:
      return [];
  }
}

/** Services to which calls are to go over in the network of a peer, and that it has not. */
export function mistakesInTargets(
  entry: Entry,
  datacenter: Datacenter,
  { instances }: Pick<TopologyPlan, 'instances'>,
  all: readonly Entry[],
): readonly Problem[] {
  if (entry.kind !== 'service-resolver') return [];
  return placesOf(entry).flatMap((at) => {
    const network = textAt(entry.value, [...at, 'Peer']);
    if (network === undefined || !datacenter.peers.includes(network)) return [];
    const service = textAt(entry.value, [...at, 'Service']);
    const name = service ?? entry.name;
    const known = [
      ...new Set([
        ...within(instances, { network })
          .filter(isServer)
          .map((each) => each.service),
        ...all.filter((each) => makesService(each) && isFor(network, each)).map((each) => each.name),
      ]),
    ];
    if (known.includes(name)) return [];
    const place = service === undefined ? at : [...at, 'Service'];
    const message = `the network ${network} has no service ${quote(name)}`;
    return [entry.problem(place, message, meant(name, known))];
  });
}

/** Whether an entry makes a service of its name, wherever that leads. */
export const makesService = (entry: Entry): boolean => entry.kind === 'service-resolver' || isRouting(entry);

/** Whether an entry is of routes, which requests alone have. */
export const isRouting = ({ kind }: Entry): boolean => ['service-router', 'service-splitter'].includes(kind);

/** What is exported and is not there, and ways to peers that are not. */
export function mistakesInExports(
  entry: Entry,
  datacenter: Datacenter,
  { instances }: Pick<TopologyPlan, 'instances'>,
  virtual: readonly string[],
): readonly Problem[] {
  const { network, peers } = datacenter;
  const where = network === undefined ? 'the topology' : `the network ${network}`;
  if (entry.kind === 'mesh') {
    const at = ['Peering', 'PeerThroughMeshGateways'];
    if (valueAt(entry.value, at) !== true || peers.length === 0) return [];
    if (gatewaysOf(instances, datacenter).length > 0) return [];
    const message = `${where} has no gateway that agents could hear of each other through`;
    const hint = 'add a gateway of kind east-west to topology.gateways, with a workload there';
    return [entry.problem(at, message, hint)];
  }
  if (entry.kind !== 'exported-services') return [];
  const there = new Set(
    within(instances, datacenter)
      .filter(isServer)
      .map(({ service }) => service),
  );
  const known = [...there, ...virtual];
  return listAt(entry.value, ['Services']).flatMap((service, index) => {
    const name = textAt(service, ['Name']);
    if (name === undefined || name === '*' || known.includes(name)) return [];
    const message = `${where} has no service ${quote(name)}`;
    return [entry.problem(['Services', index, 'Name'], message, meant(name, known))];
  });
}
