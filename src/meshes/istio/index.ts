import { fetchPrograms } from '../../toolchain/fetch.ts';
import { programAtHand } from '../../toolchain/index.ts';
import { toolsFor } from '../../toolchain/istio-tools.ts';
import type { Mesh } from '../contract.ts';
import { rejectionsIn } from '../envoy/rejections.ts';
import { envoyTelemetry } from '../envoy/telemetry.ts';
import { clusterOf } from './cluster/mesh.ts';
import { clusterNames } from './clusters.ts';
import { lintConfiguration, readChanges, readConfiguration } from './configuration.ts';
import { containersOf } from './containers/mesh.ts';
import { effectivePaths, readEffective } from './effective/index.ts';
import { hostPorts, prepareOnHost } from './host/mesh.ts';
import { serviceHost } from './names.ts';
import { poolSettings } from './pool-limits.ts';
import { originsOfRejection } from './rejections.ts';
import { sidecarAdmin } from './sidecar-admin.ts';
import { askIstioctl, validateWithIstioctl } from './validate.ts';
import { ISTIO_VERSION } from './version.ts';

/**
 * Istio of another version than Breakwater is made for; throws for one that cannot be had. Its configuration is read as
 * that of the other one is: what it takes otherwise, its own istioctl says.
 */
export function istioOf(version: string): Mesh {
  toolsFor(version, process.env);
  return version === ISTIO_VERSION ? istio : ofVersion(version);
}

const ofVersion = (version: string): Mesh => ({
  name: 'istio',
  version,
  readConfiguration,
  readChanges,
  lintConfiguration,
  unsupported: () => [],
  rejectionsIn,
  originsOfRejection,
  serviceHost,
  otherNetworks: 'seen',
  caveats: [],
  telemetry: envoyTelemetry(clusterNames),
  sidecar: sidecarAdmin,
  effective: { paths: effectivePaths, read: readEffective },
  pools: poolSettings,
  hostPrograms: ['envoy', 'istiod', 'pilot-agent', 'istioctl'],
  hostPorts,
  prepareOnHost: (request) => prepareOnHost(request, version),
  cluster: clusterOf(version),
  containers: containersOf(version),
  async validate({ resources }, progress, signal) {
    const { paths } = await fetchPrograms(['istioctl'], progress, signal, { name: 'istio', version });
    await validateWithIstioctl(paths['istioctl'] ?? '', resources, { signal });
  },
  async refused(resources, signal) {
    if (resources.length === 0) return { problems: [], warnings: [] };
    const istioctl = await programAtHand('istioctl', { mesh: { name: 'istio', version }, signal });
    if (istioctl === undefined) {
      return {
        notAsked: 'istioctl is not here; to get it: npx breakwater tools fetch istioctl',
      };
    }
    return askIstioctl(istioctl, resources, { signal });
  },
});

/** Istio: istiod, and a pilot-agent with its Envoy beside every workload. */
export const istio = ofVersion(ISTIO_VERSION);
