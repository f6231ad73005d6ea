import { basename } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import { containerLabels, recordDaemon, removeContainers } from '../../runs/containers.ts';
import { runsFolder } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Lab, LabRequest } from '../contract.ts';
import { Containers } from './containers.ts';
import { answeringDaemon, connectDocker } from './docker.ts';
import { labImages } from './images.ts';
import { DockerLab } from './lab.ts';
import { createNetworks } from './networks.ts';
import { startRemover } from './remover.ts';
import { dockerSettings } from './settings.ts';

/** A lab in containers; what is started half goes away by itself. */
export async function startDockerLab(
  request: LabRequest,
  mesh: Mesh,
  containerMesh: ContainerMesh,
  programs: () => Promise<HostPrograms>,
): Promise<Lab> {
  const settings = dockerSettings(process.env);
  const daemon = await answeringDaemon();
  const { directory, topology } = request;
  // A run may have several labs, one after the other, and each has a folder of its own.
  const runId = basename(directory);
  await using stack = new AsyncDisposableStack();
  // On disk before anything is there: whoever finds the folder knows where to look.
  await recordDaemon(directory, daemon);
  const remover = startRemover(daemon, runId, directory);
  stack.defer(async () => {
    await removeContainers(daemon, runId);
    // Not before: what cannot be removed now it tries again when this process has ended.
    await remover.over();
  });
  const docker = await connectDocker(daemon);
  const images = await labImages(docker, settings, { mesh, containers: containerMesh }, request, programs);
  const labels = { [containerLabels.run]: runId, [containerLabels.runs]: runsFolder() };
  const containers = stack.use(new Containers(docker, { runId, labels }));
  await containers.watch();
  request.progress('making the networks of the zones');
  const networks = await createNetworks(docker, topology, { runId, labels });
  const lab = new DockerLab({ request, mesh, containerMesh, docker, images, containers, networks });
  const { process: watching } = remover;
  watching.once('exit', (_code, signal) => {
    if (signal !== null)
      lab.lose(`what would remove the containers of a run that dies has been killed (${signal})`);
  });
  await unlessLost(lab.start(), lab.lost);
  lab.releases = stack.move();
  return lab;
}

function unlessLost<T>(work: Promise<T>, lost: Promise<string>): Promise<T> {
  work.catch(() => {});
  const died = lost.then((reason) => {
    throw environmentError(reason);
  });
  return Promise.race([work, died]);
}
