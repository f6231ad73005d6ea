import { usageError } from '../../kit/errors.ts';
import { versions } from '../kind/versions.ts';

/** Where the images of a lab in containers come from. */
export interface DockerSettings {
  /** Where the mesh's images are: "docker.io/istio"; undefined is the mesh's own place. */
  readonly meshHub: string | undefined;
  readonly meshTag: string | undefined;
  /** Image with Node.js, in which the sample app runs. */
  readonly node: string;
  /** Image with k6. */
  readonly k6: string;
  /**
   * `pulled`: what Docker has or can pull, or it is an error; `made`: of the programs that this machine has;
   * undefined: made when it can pull none.
   */
  readonly images: 'pulled' | 'made' | undefined;
}

const prefix = 'BREAKWATER_DOCKER_';

/** What may be set with environment variables, with what it is for; `BREAKWATER_DOCKER_` comes before each name. */
export const dockerVariables = {
  REGISTRY: 'registry of your own that has istio, grafana/k6 and library/node',
  ISTIO_HUB: 'where the images of Istio are',
  ISTIO_TAG: 'their tag',
  NODE_IMAGE: 'image with Node.js 24 or newer, for the sample app',
  K6_IMAGE: 'image with k6',
  IMAGES: 'pulled, or made of the programs of this machine; made only when none can be pulled unless set',
} as const;

/** Images come from their usual registries, from one of one's own, or are already there. */
export function dockerSettings(env: NodeJS.ProcessEnv): DockerSettings {
  for (const name of Object.keys(env)) {
    if (name.startsWith(prefix) && !(name.slice(prefix.length) in dockerVariables)) {
      throw usageError(
        `${name} is no setting of the docker environment`,
        `there are ${Object.keys(dockerVariables)
          .map((known) => prefix + known)
          .join(', ')}`,
      );
    }
  }
  const set = (name: keyof typeof dockerVariables) => env[prefix + name] || undefined;
  const images = set('IMAGES');
  if (images !== undefined && images !== 'pulled' && images !== 'made') {
    throw usageError(`${prefix}IMAGES is ${images}`, 'it is pulled or made');
  }
  // Whoever has one of Docker Hub's images for testcontainers has them there for a lab.
  const mirror = env['TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX'] || undefined;
  const registry = (set('REGISTRY') ?? mirror)?.replace(/\/+$/, '');
  const from = (image: string, own = image) => (registry === undefined ? image : `${registry}/${own}`);
  const node = `node:${versions.node}-slim`;
  return {
    meshHub: set('ISTIO_HUB') ?? (registry === undefined ? undefined : `${registry}/istio`),
    meshTag: set('ISTIO_TAG'),
    node: set('NODE_IMAGE') ?? from(node, `library/${node}`),
    k6: set('K6_IMAGE') ?? from(`grafana/k6:${versions.k6}`),
    images,
  };
}
