import { usageError } from '../../kit/errors.ts';
import { configuredDocker } from '../../runs/clusters.ts';

/** Everything from outside that the kind environment is made for. The one place where it is pinned. */
export const versions = {
  kind: 'v0.33.0',
  kubernetes: 'v1.36.3',
  k6: '1.8.1',
  node: '26',
} as const;

/** Where images come from, and what else may be set. */
export interface KindSettings {
  /** Image of every node. */
  readonly nodeImage: string;
  /** Where the mesh's images are: "docker.io/istio"; undefined is the mesh's own place. */
  readonly meshHub: string | undefined;
  readonly meshTag: string | undefined;
  /** Whether the sidecars are a plain Envoy, without the filters that only the mesh's own build has. */
  readonly stockEnvoy: boolean;
  /** Image with Node.js that the sample app is put on. */
  readonly appBase: string;
  /** Image with k6 and a shell. */
  readonly k6Image: string;
  /** kind configuration that the cluster is made from; undefined is kind-config.yaml of this package. */
  readonly config: string | undefined;
  readonly kind: string;
  readonly docker: string;
}

const prefix = 'BREAKWATER_KIND_';

/** What may be set with environment variables, with what it is for; `BREAKWATER_KIND_` comes before each name. */
export const kindVariables = {
  REGISTRY: 'registry of your own that has kindest/node, istio, grafana/k6 and library/node',
  NODE_IMAGE: 'image of the nodes',
  ISTIO_HUB: 'where the images of Istio are',
  ISTIO_TAG: 'their tag',
  STOCK_ENVOY: '1 when their Envoy is not the build of Istio',
  APP_BASE: 'image with Node.js for the sample app',
  K6_IMAGE: 'image with k6 and a shell',
  CONFIG: 'kind configuration instead of kind-config.yaml',
  PROGRAM: 'path of kind',
  DOCKER: 'path of docker',
} as const;

/** Images come from their usual registries, from one of one's own, or are already there: kind loads what docker has. */
export function kindSettings(env: NodeJS.ProcessEnv): KindSettings {
  for (const name of Object.keys(env)) {
    if (name.startsWith(prefix) && !(name.slice(prefix.length) in kindVariables)) {
      throw usageError(
        `${name} is no setting of the kind environment`,
        `there are ${Object.keys(kindVariables)
          .map((known) => prefix + known)
          .join(', ')}`,
      );
    }
  }
  const set = (name: keyof typeof kindVariables) => env[prefix + name] || undefined;
  const registry = set('REGISTRY')?.replace(/\/+$/, '');
  const from = (image: string) => (registry === undefined ? image : `${registry}/${image}`);
  return {
    nodeImage: set('NODE_IMAGE') ?? from(`kindest/node:${versions.kubernetes}`),
    meshHub: set('ISTIO_HUB') ?? (registry === undefined ? undefined : `${registry}/istio`),
    meshTag: set('ISTIO_TAG'),
    stockEnvoy: set('STOCK_ENVOY') === '1',
    appBase: set('APP_BASE') ?? from(`${registry === undefined ? '' : 'library/'}node:${versions.node}-slim`),
    k6Image: set('K6_IMAGE') ?? from(`grafana/k6:${versions.k6}`),
    config: set('CONFIG'),
    kind: set('PROGRAM') ?? 'kind',
    docker: configuredDocker(env),
  };
}
