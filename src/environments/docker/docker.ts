import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';
import { environmentError } from '../../kit/errors.ts';
import type { DockerDaemon } from '../../runs/docker-daemon.ts';

export type Docker = ContainerRuntimeClient;
export type DockerContainer = ReturnType<Docker['container']['getById']>;

/** testcontainers' way to that daemon. Throws where it goes another way. */
export async function connectDocker({ host, namedBy }: DockerDaemon): Promise<Docker> {
  // It has no other way of being told; whoever is started from here is to find the same one.
  process.env['DOCKER_HOST'] = host;
  // One that is reached with TLS was refused.
  process.env['DOCKER_TLS_VERIFY'] = '';
  // Where ports are published, whatever it would look for when it runs in a container itself.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = '127.0.0.1';
  const docker = await getContainerRuntimeClient();
  // A tc.host of one's own comes before DOCKER_HOST, and may be a daemon anywhere.
  const { socketPath, host: name, port } = docker.container.dockerode.modem as Modem;
  const { protocol, pathname, hostname, port: ownPort } = new URL(host);
  const same = {
    'unix:': socketPath === pathname,
    'npipe:': name === undefined,
    'tcp:': name === hostname && `${port}` === ownPort,
  };
  if (same[protocol as keyof typeof same] ?? true) return docker;
  throw environmentError(
    `testcontainers goes to the Docker daemon at ${socketPath ?? `${name}:${port}`}, not to that of ${namedBy}, ${host}`,
    'take tc.host out of ~/.testcontainers.properties, or name that daemon with DOCKER_HOST',
  );
}

/** How testcontainers reaches a daemon. */
interface Modem {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: string | number;
}
