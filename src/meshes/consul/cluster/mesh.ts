import { usageError } from '../../../kit/errors.ts';
import { CONSUL_VERSION, consulTools } from '../../../toolchain/consul-tools.ts';
import type { ClusterMesh, ClusterMeshSettings } from '../../contract.ts';
import { AGENT, agentObjects } from './agent.ts';
import { ADMIN_PORT, agentPorts, SIDECAR_PORT } from './ports.ts';
import { podParts, SIDECAR } from './sidecar.ts';
import { tellAgent } from './told.ts';
import { unsupportedInCluster } from './unsupported.ts';

/**
 * This version of Consul in a cluster: an agent that is the server too, and an Envoy beside every app. Nothing of
 * consul-k8s is there: no installer, no resources of its own, and nothing that captures connections.
 */
export const clusterOf = (version: string): ClusterMesh => ({
  programs: [],
  images(settings) {
    const { agent, envoy } = imagesOf(settings, version);
    return { controlPlane: [agent], sidecar: [envoy] };
  },
  unsupported: unsupportedInCluster,
  podMetadata: ({ service, labels }) => ({
    labels: { app: service, version: 'v1', ...labels },
    annotations: {},
  }),
  portName: (port, { port: usual, protocol = 'http1' }) => {
    const name = protocol === 'http1' ? 'http' : protocol;
    return port === usual ? name : `${name}-${port}`;
  },
  appHost: '127.0.0.1',
  calledAt: () => [SIDECAR_PORT],
  sidecar: { container: SIDECAR, adminPort: ADMIN_PORT },
  controlPlane: { namespace: AGENT, deployment: AGENT, labelSelector: `app=${AGENT}` },
  revision: (_, number) => String(number),
  configurationHint: [
    'Change the mesh configuration: write a configuration entry to the agent (it keeps its own proxy-defaults):',
    `  kubectl -n ${AGENT} port-forward deploy/${AGENT} ${agentPorts.http}, then`,
    `  curl -X PUT http://127.0.0.1:${agentPorts.http}/v1/config -d '{"Kind":"service-defaults","Name":"…"}'`,
  ],
  control: {
    by: 'telling',
    objects: (settings, labels) => agentObjects(imagesOf(settings, version).agent, settings, labels),
    podParts: (instance, topology, settings) =>
      podParts(instance, topology, imagesOf(settings, version).envoy),
    at: { container: AGENT, port: agentPorts.http },
    tell: tellAgent,
  },
});

/** Where the images of an agent and of a sidecar are. */
function imagesOf(
  { registry = 'docker.io', images = {} }: Pick<ClusterMeshSettings, 'registry' | 'images'>,
  version: string,
) {
  // Later ones are under another licence: they are never fetched.
  if (version !== CONSUL_VERSION && images.consul === undefined) {
    throw usageError(
      `there is no image of Consul ${version} that Breakwater would have a cluster pull`,
      'BREAKWATER_KIND_CONSUL_IMAGE names one',
    );
  }
  const envoy = consulTools(version, process.env).find(({ name }) => name === 'envoy');
  return {
    agent: images.consul ?? `${registry}/hashicorp/consul:${version}`,
    envoy: images.envoy ?? `${registry}/envoyproxy/envoy:v${envoy?.version}`,
  };
}
