import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentError } from '../../kit/errors.ts';
import { eventually, notYetSince, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import { ownFile } from '../../kit/own-file.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import { type Instance, isCaller, isClient, isServer } from '../../model/topology.ts';
import type { Running } from './containers.ts';
import { appUser, type LabParts, ports, startTimeoutMs } from './context.ts';

/** A replica without a sidecar, for loads from outside the mesh. */
const outside = 'outside';

const networkOf = (replica: string) => `${replica}/network`;
const doorOf = (replica: string) => `${replica}/door`;

/** What a network is to be. */
interface Wanted {
  readonly locality: string;
  /** By which others in its zone find it. */
  readonly names: readonly string[];
  /** Whether it is in every zone, and not only in its own. */
  readonly reachesAll: boolean;
  readonly publishes: readonly number[];
}

/**
 * The network of each replica, which a container keeps open that does nothing else: in it run its app, its sidecar, and
 * whatever calls from there. A door leads into those that loads and people call from.
 */
export class ReplicaNetworks {
  readonly #parts: LabParts;
  /** The place of who is outside the mesh, once somebody wants it. */
  #outsideStarted: Promise<string> | undefined;

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  /** The network of a replica, all of whose connections its sidecar will take; who calls others is in every zone. */
  async start(instance: Instance): Promise<HostInstance> {
    const { adminPort } = this.#parts.containerMesh;
    const inner = isServer(instance) ? ports.control : ports.door;
    const network = await this.#start(instance.name, {
      locality: instance.locality,
      names: isServer(instance) ? this.#namesOf(instance.service) : [],
      reachesAll: isCaller(instance),
      publishes: [adminPort, inner],
    });
    await this.#capture(instance, network);
    if (isClient(instance)) await this.#startDoor(instance.name, network);
    return {
      ...instance,
      address: await this.#addressIn(network, instance.locality),
      egressAddress: '',
      relays: [],
      appPort: instance.port,
      admin: network.at(adminPort),
      directory: '',
    };
  }

  /** The place of who is outside the mesh: what loads come from there, and those that go past it. */
  outside(): Promise<string> {
    // Several loads that go past it are prepared at once.
    this.#outsideStarted ??= this.#startOutside();
    return this.#outsideStarted;
  }

  async #startOutside(): Promise<string> {
    const [locality = ''] = this.#parts.networks.zones.keys();
    const publishes = [ports.door];
    const network = await this.#start(outside, { locality, names: [], reachesAll: true, publishes });
    await this.#startDoor(outside, network);
    return outside;
  }

  /** The container that keeps the network of a replica open. */
  of(replica: string): Running {
    return this.#parts.containers.known(networkOf(replica));
  }

  /** "127.0.0.1:49153/": what is put before an address in a client's network. */
  door(replica: string): string {
    return `${this.of(replica).at(ports.door)}/`;
  }

  /** "127.0.0.1:49153": of an app's control port. */
  control({ name }: Pick<Instance, 'name'>): string {
    return this.of(name).at(ports.control);
  }

  /** By which replicas in a zone know one of those that call them. */
  addressOf(replica: string, locality: string): Promise<string> {
    return this.#addressIn(this.of(replica), locality);
  }

  #start(replica: string, { locality, names, reachesAll, publishes }: Wanted): Promise<Running> {
    const { containers, images, networks } = this.#parts;
    const home = networks.zones.get(locality) ?? '';
    return containers.launch({
      name: networkOf(replica),
      image: images.sidecar,
      command: ['sleep', 'infinity'],
      user: 0,
      capabilities: ['NET_ADMIN', 'NET_RAW'],
      network: {
        home,
        names,
        others: reachesAll ? [...networks.zones.values()].filter((name) => name !== home) : [],
      },
      publishes,
    });
  }

  async #capture({ name, bypass = [] }: Instance, network: Running): Promise<void> {
    const { containerMesh, docker } = this.#parts;
    const inbound = [containerMesh.adminPort, ...Object.values(ports)];
    const command = [...containerMesh.capture({ inbound, outbound: bypass })];
    const captured = await network.until(docker.container.exec(network.container, command, { user: '0' }));
    if (captured.exitCode !== 0) {
      throw environmentError(
        `the connections of ${name} cannot be captured: ${captured.output.trim().slice(-600)}`,
        'capture takes the NET_ADMIN capability in a container, and iptables with NAT in the kernel',
      );
    }
  }

  /** What a service is called by an app that knows nothing of a mesh. */
  #namesOf(service: string): string[] {
    const { mesh, request } = this.#parts;
    const parts = mesh.serviceHost(service, request.topology.namespace).split('.');
    return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
  }

  async #addressIn({ container }: Running, locality: string): Promise<string> {
    const { NetworkSettings } = await container.inspect();
    const name = this.#parts.networks.zones.get(locality) ?? '';
    const address = NetworkSettings.Networks[name]?.IPAddress;
    if (!address) throw environmentError(`Docker gave no address in ${name}`);
    return address;
  }

  async #startDoor(replica: string, network: Running): Promise<void> {
    const { containers, images, request } = this.#parts;
    const file = fileURLToPath(ownFile(new URL('./inside/door.ts', import.meta.url)));
    // A module, whatever is beside it.
    const path = `/breakwater/door.${file.endsWith('.js') ? 'mjs' : 'mts'}`;
    const door = await containers.launch({
      name: doorOf(replica),
      image: images.node,
      command: ['node', '--no-warnings', path, String(ports.door)],
      user: appUser,
      directory: '/breakwater',
      files: [{ path, content: await readFile(file, 'utf8') }],
      network: { of: network.container.id },
      log: join(request.logs, `${replica}.door.log`),
    });
    const at = network.at(ports.door);
    await door.until(
      eventually(() => answers(at), {
        waitingFor: `the way into the network of ${replica}`,
        timeoutMs: startTimeoutMs,
        signal: request.signal,
      }),
    );
  }
}

/** Whether the way into a network answers; to itself it has none. */
async function answers(at: string): Promise<Ready> {
  try {
    await http(`http://${at}/`, { timeoutMs: 2_000 });
    return undefined;
  } catch (error) {
    return notYetSince(error);
  }
}
