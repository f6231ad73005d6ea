import { fetchPrograms } from '../../toolchain/fetch.ts';
import { programAtHand } from '../../toolchain/index.ts';
import type { Mesh } from '../contract.ts';
import { envoyTelemetry } from '../envoy/telemetry.ts';
import { cluster } from './cluster/mesh.ts';
import { clusterNames } from './clusters.ts';
import { lintConfiguration, readChanges, readConfiguration } from './configuration.ts';
import { effectivePaths, readEffective } from './effective/index.ts';
import { hostPorts, prepareOnHost } from './host/mesh.ts';
import { serviceHost } from './names.ts';
import { poolSettings } from './pool-limits.ts';
import { originsOfRejection, rejectionsIn } from './rejections.ts';
import { sidecarAdmin } from './sidecar-admin.ts';
import { askIstioctl, validateWithIstioctl } from './validate.ts';
import { ISTIO_VERSION } from './version.ts';

/** Istio: istiod, and a pilot-agent with its Envoy beside every workload. */
export const istio: Mesh = {
  name: 'istio',
  version: ISTIO_VERSION,
  readConfiguration,
  readChanges,
  lintConfiguration,
  rejectionsIn,
  originsOfRejection,
  serviceHost,
  telemetry: envoyTelemetry(clusterNames),
  sidecar: sidecarAdmin,
  effective: { paths: effectivePaths, read: readEffective },
  pools: poolSettings,
  hostPrograms: ['envoy', 'istiod', 'pilot-agent', 'istioctl'],
  hostPorts,
  prepareOnHost,
  cluster,
  async validate({ resources }, progress, signal) {
    const { paths } = await fetchPrograms(['istioctl'], progress, signal);
    await validateWithIstioctl(paths['istioctl'] ?? '', resources, { signal });
  },
  async refused(resources, signal) {
    if (resources.length === 0) return { problems: [], warnings: [] };
    const istioctl = await programAtHand('istioctl', { signal });
    if (istioctl === undefined) {
      return {
        notAsked: 'istioctl is not here, and would have to be built: npx breakwater tools fetch istioctl',
      };
    }
    return askIstioctl(istioctl, resources, { signal });
  },
};
