import { environmentError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import { containerLabels } from '../../runs/containers.ts';
import type { DockerDaemon } from '../../runs/docker-daemon.ts';
import { runsFolder } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { LabRequest } from '../contract.ts';
import { Containers } from './containers.ts';
import { connectDocker } from './docker.ts';
import { labImages } from './images.ts';
import { DockerLab } from './lab.ts';
import { createNetworks } from './networks.ts';
import type { Remover } from './remover.ts';
import type { DockerSettings } from './settings.ts';

interface LabToRaise {
  readonly request: LabRequest;
  readonly mesh: Mesh;
  readonly containerMesh: ContainerMesh;
  readonly programs: () => Promise<HostPrograms>;
  readonly settings: DockerSettings;
  readonly daemon: DockerDaemon;
  readonly runId: string;
  /** Takes down what there is of it should this process die. */
  readonly remover: Remover;
  /** Gets what has to be let go before that is taken down. */
  readonly releases: AsyncDisposableStack;
}

/** Makes images, networks and containers of a lab; what is there when it throws is for others to remove. */
export async function raiseLab(toRaise: LabToRaise): Promise<DockerLab> {
  const { request, mesh, containerMesh, programs, settings, daemon, runId, remover, releases } = toRaise;
  const docker = await connectDocker(daemon);
  const images = await labImages(docker, settings, { mesh, containers: containerMesh }, request, programs);
  const labels = { [containerLabels.run]: runId, [containerLabels.runs]: runsFolder() };
  const containers = releases.use(new Containers(docker, { runId, labels }));
  await containers.watch();
  request.progress('making the networks of the zones');
  const networks = await createNetworks(docker, request.topology, { runId, labels });
  const lab = new DockerLab({ request, mesh, containerMesh, docker, images, containers, networks });
  remover.killed.then((signal) =>
    lab.lose(`what would remove the containers of a run that dies has been killed (${signal})`),
  );
  await unlessLost(lab.start(), lab.lost);
  return lab;
}

function unlessLost<T>(work: Promise<T>, lost: Promise<string>): Promise<T> {
  work.catch(() => {});
  const died = lost.then((reason) => {
    throw environmentError(reason);
  });
  return Promise.race([work, died]);
}
