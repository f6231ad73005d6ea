import { join } from 'node:path';
import type { HostInstance, Mesh } from '../../meshes/contract.ts';
import { isClient, portsOf, type TopologyPlan } from '../../model/topology.ts';
import type { LabRequest } from '../contract.ts';
import type { LoopbackBlock, WantedPorts } from './addresses.ts';
import { type AppPorts, usualAppPorts } from './app.ts';
import { linkPorts, Relay, relayPorts } from './relay.ts';

/** Where things sit in the lab's block of loopback addresses. */
const hosts = { controlPlane: 1, relay: 2, load: 3, firstInstance: 10, firstEgress: 130 } as const;
export const mostInstances = hosts.firstEgress - hosts.firstInstance;
/** Loads take turns at these for the REST interfaces of their generators. */
const loadAddresses = hosts.firstInstance - hosts.load;
/** Of k6's own REST interface; the next ones when there are several. */
const generatorPort = 6_565;

/** The ports that a lab with this topology has to find free, or would like to. */
export function wantedPorts(topology: TopologyPlan, { hostPorts }: Mesh): WantedPorts {
  const { instances, links = [] } = topology;
  const clients = instances.filter(isClient);
  return {
    exact: [
      ...new Set([
        ...topology.services.flatMap(portsOf),
        ...(topology.gateways ?? []).map(({ port }) => port),
      ]),
    ],
    wished: [
      hostPorts.admin,
      ...(hostPorts.collector === undefined ? [] : [hostPorts.collector]),
      ...hostPorts.others,
      ...Object.values(usualAppPorts),
      ...(links.length === 0 ? [] : [relayPorts.api, ...linkPorts(links, instances)]),
      ...clients.map((_, index) => generatorPort + index),
    ],
  };
}

/** Which address and which port everything in a lab has. */
export class Layout {
  readonly hosts: readonly HostInstance[];
  /** Where faults of the network are to come; it stands between callers and sidecars. */
  readonly relay: Relay | undefined;
  readonly controlPlane: string;
  readonly appPorts: AppPorts;
  readonly #block: LoopbackBlock;

  constructor(
    { topology, directory }: Pick<LabRequest, 'topology' | 'directory'>,
    { hostPorts }: Pick<Mesh, 'hostPorts'>,
    block: LoopbackBlock,
  ) {
    this.#block = block;
    this.controlPlane = block.address(hosts.controlPlane);
    this.appPorts = {
      service: block.port(usualAppPorts.service),
      control: block.port(usualAppPorts.control),
    };
    const { instances, links = [] } = topology;
    const addressed = instances.map((instance, index) => ({
      ...instance,
      address: block.address(hosts.firstInstance + index),
    }));
    this.relay =
      links.length === 0
        ? undefined
        : new Relay(links, addressed, block.address(hosts.relay), (usual) => block.port(usual));
    this.hosts = addressed.map((instance, index) => {
      const { name, address } = instance;
      return {
        ...instance,
        relays: this.relay?.of(name) ?? [],
        egressAddress: block.address(hosts.firstEgress + index),
        appPort: this.appPorts.service,
        admin: `${address}:${block.port(hostPorts.admin)}`,
        directory: join(directory, name),
      };
    });
  }

  /** The port on every address of the lab in place of a usual one. */
  port(usual: number): number {
    return this.#block.port(usual);
  }

  /** "address:port" of an app's control port. */
  control({ address }: Pick<HostInstance, 'address'>): string {
    return `${address}:${this.appPorts.control}`;
  }

  /** "address:port" of the REST interface of a generator: of which load of the trial, and at which place of that. */
  generator(load: number, place: number): string {
    const turn = Math.floor(load / loadAddresses);
    const address = this.#block.address(hosts.load + (load % loadAddresses));
    return `${address}:${this.port(generatorPort + turn * mostInstances + place)}`;
  }
}
