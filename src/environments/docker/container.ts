import { GenericContainer, type StartedTestContainer, StartupCheckStrategy } from 'testcontainers';
import type { ContainerFile } from '../../meshes/contract.ts';
import { canonical } from '../kind/images.ts';
import { filesArchive } from './archive.ts';
import type { Docker, DockerContainer } from './docker.ts';

/** A container of a lab. */
export interface ContainerSpec {
  /** Its name in Docker, which has to be one that no other has. */
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The user of the image unless given. */
  readonly user?: number;
  /** Its working folder. */
  readonly directory?: string;
  /** Belong to its user, and so do the folders below the working folder. */
  readonly files?: readonly ContainerFile[];
  readonly labels: Readonly<Record<string, string>>;
  readonly network: OwnNetwork | { readonly of: string };
  /** Ports that are published on loopback. */
  readonly publishes?: readonly number[];
  readonly capabilities?: readonly string[];
}

/** A network namespace of its own, in one Docker network by these names, and in others. */
interface OwnNetwork {
  readonly home: string;
  readonly names: readonly string[];
  readonly others: readonly string[];
}

/** An image, or Podman, may bring the proxy of a network to which nothing of a lab is to go. */
const withoutProxies = Object.fromEntries(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
    [name, ''],
    [name.toLowerCase(), ''],
  ]),
);

/** Starts a container, which runs when this resolves, or has ended by itself already. */
export function startContainer(spec: ContainerSpec, docker: Docker): Promise<StartedTestContainer> {
  return new LabContainer(spec, docker).start();
}

class LabContainer extends GenericContainer {
  readonly #spec: ContainerSpec;
  readonly #docker: Docker;

  constructor(spec: ContainerSpec, docker: Docker) {
    // By its whole name: to others testcontainers would add a prefix (TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX).
    super(canonical(spec.image));
    this.#spec = spec;
    this.#docker = docker;
    const { name, command, env = {}, labels, network, publishes = [], capabilities = [] } = spec;
    this.withName(name)
      .withEntrypoint([...command])
      .withCommand([])
      .withEnvironment({ ...withoutProxies, ...env })
      .withLabels(labels)
      .withExposedPorts(...publishes)
      .withNetworkMode('of' in network ? `container:${network.of}` : network.home)
      .withWaitStrategy(new HasStarted())
      // Its own way out listens beyond loopback, and begins when most of ours has to be over.
      .withAutoCleanup(false);
    if (capabilities.length > 0) this.withAddedCapabilities(...capabilities);
    if (spec.user !== undefined) this.withUser(`${spec.user}:${spec.user}`);
    if (spec.directory !== undefined) this.withWorkingDir(spec.directory);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    const { network } = this.#spec;
    for (const bindings of Object.values(this.hostConfig.PortBindings ?? {})) {
      for (const binding of bindings as { HostIp?: string }[]) binding.HostIp = '127.0.0.1';
    }
    // Whatever the daemon does by itself: what a program says is read while it runs, and when it has ended.
    this.hostConfig.LogConfig = { Type: 'json-file', Config: {} };
    if ('home' in network) {
      this.createOpts.NetworkingConfig = {
        EndpointsConfig: { [network.home]: { Aliases: [...network.names] } },
      };
    }
  }

  protected override async containerCreated(id: string): Promise<void> {
    const { network, files = [], user = 0, directory } = this.#spec;
    const container = this.#docker.container.getById(id);
    if (directory !== undefined) {
      await this.#docker.container.putArchive(container, filesArchive(files, { user, directory }), '/');
    }
    for (const other of 'home' in network ? network.others : []) {
      await this.#docker.network.getById(other).connect({ Container: id });
    }
  }
}

/** What a program has to say or answer before it is ready is the lab's to know: it depends on others of the lab. */
class HasStarted extends StartupCheckStrategy {
  override async checkStartupState(...[docker, id]: Parameters<StartupCheckStrategy['checkStartupState']>) {
    const { State } = await docker.getContainer(id).inspect();
    return State.Status === 'created' ? 'PENDING' : 'SUCCESS';
  }
}

/** Removes a container, whether it runs or not; one that is gone is no error. */
export async function removeContainer(container: DockerContainer): Promise<void> {
  await container.remove({ force: true, v: true }).catch((error: { statusCode?: number }) => {
    // Somebody else is at it already, or it is gone.
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  });
}
