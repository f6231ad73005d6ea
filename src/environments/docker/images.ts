import { environmentError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { LabRequest } from '../contract.ts';
import { cannotHave } from '../kind/images.ts';
import type { Docker } from './docker.ts';
import { imageArchive, imageContents, imageName } from './made-image.ts';
import { pullImage } from './pull.ts';
import { roomFor } from './refusal.ts';
import { type DockerSettings, dockerVariables } from './settings.ts';

/** Images of a lab, by what runs in them. */
export interface LabImages {
  readonly controlPlane: string;
  readonly sidecar: string;
  /** Has Node.js. */
  readonly node: string;
  readonly k6: string;
}

/** On images that are made here, so that they can be told from all others. */
const imageLabel = 'breakwater.image';
const variables = Object.entries(dockerVariables)
  .map(([name, what]) => `BREAKWATER_DOCKER_${name} (${what})`)
  .join(', ');

/**
 * The images of a lab, which Docker has when this resolves: as the settings say, or else those that are usual; when
 * none of these can be pulled, one is made of the programs of this machine.
 */
export async function labImages(
  docker: Docker,
  settings: DockerSettings,
  { mesh, containers }: { readonly mesh: Mesh; readonly containers: ContainerMesh },
  request: LabRequest,
  programs: () => Promise<HostPrograms>,
): Promise<LabImages> {
  const make = () => madeImages(docker, containers, request, programs);
  if (settings.images === 'made') return make();
  const { meshHub: hub, meshTag: tag, node, k6 } = settings;
  const ofMesh = mesh.cluster.images({ hub, tag, stockEnvoy: false, controlPlaneNodes: {} });
  const images: LabImages = {
    controlPlane: ofMesh.controlPlane[0] ?? '',
    sidecar: ofMesh.sidecar[0] ?? '',
    node,
    k6,
  };
  try {
    for (const image of new Set(Object.values(images))) {
      await pull(docker, image, request);
      await warnOfOtherProcessor(docker, image, request);
    }
    return images;
  } catch (error) {
    request.signal.throwIfAborted();
    if (settings.images === 'pulled' || process.platform !== 'linux') throw error;
    request.warn(`${(error as Error).message}\none is made of the programs of this machine instead`);
    return make();
  }
}

async function pull(docker: Docker, image: string, request: LabRequest): Promise<void> {
  if (await has(docker, image)) return;
  request.progress(`pulling ${image}`);
  const cannot = (why: string, cause?: Error) =>
    environmentError(
      `docker cannot pull ${image}: ${why}`,
      roomFor(why) ?? cannotHave(image, why, variables) ?? `other images: ${variables}`,
      cause,
    );
  await pullImage(docker, image, request.signal).catch((error: Error) => {
    throw cannot(error.message, error);
  });
  // What goes wrong once it has begun is told to nobody.
  if (!(await has(docker, image)))
    throw cannot(`it came to its end without it; docker pull ${image} says why`);
}

/** As images call what the daemon calls otherwise. */
const processors: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** An image for another processor runs where that is emulated, slowly; elsewhere its first container ends at once. */
async function warnOfOtherProcessor(docker: Docker, image: string, { warn }: LabRequest): Promise<void> {
  const { container, info } = docker;
  const { Architecture: of } = await container.dockerode.getImage(image).inspect();
  const here = processors[info.containerRuntime.architecture] ?? info.containerRuntime.architecture;
  if (of === here || !of || !here) return;
  warn(
    `${image} is for ${of}, and this Docker runs on ${here}: where it emulates that, times mean nothing, and elsewhere the image does not run; docker pull --platform linux/${here} ${image} has the other one, if there is one`,
  );
}

async function has(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.container.dockerode.getImage(image).inspect();
    return true;
  } catch {
    return false;
  }
}

/** One image in which everything is; made unless Docker has it. */
async function madeImages(
  docker: Docker,
  { programs: wanted, dataFiles }: ContainerMesh,
  request: LabRequest,
  programs: () => Promise<HostPrograms>,
): Promise<LabImages> {
  if (process.platform !== 'linux') {
    throw environmentError(
      'images are made on Linux alone: the programs of this machine run on no other system',
      `let Docker pull them: ${variables}`,
    );
  }
  const { paths, files } = await programs();
  const contents = await imageContents({
    ...Object.fromEntries(Object.entries(wanted).map(([path, name]) => [path, paths[name] ?? ''])),
    ...Object.fromEntries(Object.entries(dataFiles).map(([path, name]) => [path, files[name] ?? ''])),
    '/usr/local/bin/k6': paths['k6'] ?? '',
    '/usr/local/bin/node': process.execPath,
  });
  const image = imageName(contents);
  if (!(await has(docker, image))) {
    request.progress(`making ${image} of the programs of this machine`);
    await importImage(docker, image, contents);
  }
  return { controlPlane: image, sidecar: image, node: image, k6: image };
}

async function importImage(docker: Docker, image: string, contents: Readonly<Record<string, string>>) {
  const [repo = '', tag = ''] = image.split(':');
  const { dockerode } = docker.container;
  const options = {
    repo,
    tag,
    changes: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `LABEL ${imageLabel}=made`,
    ],
  };
  const progressed = async () => {
    const said = await dockerode.importImage(imageArchive(contents), options);
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(said, (error) => (error ? reject(error) : resolve()));
    });
  };
  await progressed().catch((error: Error) => {
    throw environmentError(
      `${image} could not be made: ${error.message.trim()}`,
      roomFor(error.message) ?? 'Docker has to have room for 600 MB',
      error,
    );
  });
}
