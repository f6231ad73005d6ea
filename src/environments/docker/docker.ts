import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';
import { environmentError } from '../../kit/errors.ts';
import { askDaemon, type DockerDaemon, findDaemon } from '../../runs/docker-daemon.ts';

export type Docker = ContainerRuntimeClient;
export type DockerContainer = ReturnType<Docker['container']['getById']>;

/** The daemon of this machine, once it answers; with what to do when there is none. */
export async function answeringDaemon(): Promise<DockerDaemon> {
  const daemon = findDaemon();
  const hint =
    'start Docker (https://docs.docker.com/engine/install/), Colima (colima start) or the socket of Podman (podman system service --time=0), or name one with DOCKER_HOST; --env local needs none';
  if (daemon === undefined) throw environmentError('there is no Docker on this machine', hint);
  const where = `the Docker daemon of ${daemon.namedBy}, ${daemon.host},`;
  const answer = await askDaemon(daemon, { path: '/_ping', timeoutMs: 20_000 }).catch((error: Error) => {
    throw environmentError(`${where} does not answer: ${error.message}`, hint, error);
  });
  if (answer.status !== 200) throw environmentError(`${where} answered ${answer.status} to a ping`, hint);
  return daemon;
}

/** testcontainers' way to that daemon. */
export async function connectDocker(daemon: DockerDaemon): Promise<Docker> {
  // It has no other way of being told; whoever is started from here is to find the same one.
  process.env['DOCKER_HOST'] = daemon.host;
  // Where ports are published, whatever it would look for when it runs in a container itself.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = '127.0.0.1';
  return await getContainerRuntimeClient();
}
