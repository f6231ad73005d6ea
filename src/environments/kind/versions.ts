import { usageError } from '../../kit/errors.ts';
import type { ClusterMeshSettings } from '../../meshes/contract.ts';
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
  /** Where the images of the mesh come from. */
  readonly mesh: Omit<ClusterMeshSettings, 'controlPlaneNodes'>;
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
  REGISTRY:
    'registry of your own that has kindest/node, istio, hashicorp/consul, envoyproxy/envoy, grafana/k6 and library/node',
  NODE_IMAGE: 'image of the nodes',
  ISTIO_HUB: 'where the images of Istio are',
  ISTIO_TAG: 'their tag',
  STOCK_ENVOY: '1 when their Envoy is not the build of Istio',
  CONSUL_IMAGE: 'image with Consul, for its agent',
  ENVOY_IMAGE: 'image with Envoy, for the sidecars of Consul',
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
  const [consul, envoy] = [set('CONSUL_IMAGE'), set('ENVOY_IMAGE')];
  const from = (image: string) => (registry === undefined ? image : `${registry}/${image}`);
  return {
    nodeImage: set('NODE_IMAGE') ?? from(`kindest/node:${versions.kubernetes}`),
    mesh: {
      hub: set('ISTIO_HUB') ?? (registry === undefined ? undefined : `${registry}/istio`),
      tag: set('ISTIO_TAG'),
      stockEnvoy: set('STOCK_ENVOY') === '1',
      ...(registry === undefined ? {} : { registry }),
      images: {
        ...(consul === undefined ? {} : { consul }),
        ...(envoy === undefined ? {} : { envoy }),
      },
    },
    appBase: set('APP_BASE') ?? from(`${registry === undefined ? '' : 'library/'}node:${versions.node}-slim`),
    k6Image: set('K6_IMAGE') ?? from(`grafana/k6:${versions.k6}`),
    config: set('CONFIG'),
    kind: set('PROGRAM') ?? 'kind',
    docker: configuredDocker(env),
  };
}
