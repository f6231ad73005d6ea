import { ProblemsError } from '../../kit/problems.ts';
import { consulTools } from '../../toolchain/consul-tools.ts';
import { fetchPrograms } from '../../toolchain/fetch.ts';
import { programAtHand } from '../../toolchain/index.ts';
import type { Mesh } from '../contract.ts';
import { rejectionsIn } from '../envoy/rejections.ts';
import { envoyTelemetry } from '../envoy/telemetry.ts';
import { callerIn } from './caller.ts';
import { clusterOf } from './cluster/mesh.ts';
import { clusterNames } from './clusters.ts';
import { lintConfiguration, readChanges, readConfiguration } from './configuration.ts';
import { effectivePaths, readEffective } from './effective/index.ts';
import { prepareOnHost } from './host/mesh.ts';
import { hostPorts } from './host/ports.ts';
import { serviceHost } from './names.ts';
import { poolSettings } from './pool-limits.ts';
import { sidecarAdmin } from './sidecar-admin.ts';
import { unsupported } from './unsupported.ts';
import { refusedByConsul } from './validate.ts';
import { CONSUL_VERSION } from './version.ts';
import { warningsAbout } from './warnings.ts';

/** Consul's service mesh in a version; throws for one that cannot be had. */
export function consulOf(version: string = CONSUL_VERSION): Mesh {
  consulTools(version, process.env);
  const mesh = { name: 'consul', version } as const;
  return {
    ...mesh,
    readConfiguration,
    readChanges,
    lintConfiguration,
    unsupported,
    rejectionsIn,
    // An entry that Consul takes makes nothing that Envoy does not, but for what goes past its checks.
    originsOfRejection: (_, resources) => resources.map((resource) => ({ resource, path: [] })),
    serviceHost,
    otherNetworks: 'configured',
    caveats: [
      'Its Envoy is newer than the range that Consul names for itself (1.23 to 1.26 for Consul 1.16).',
      'The agent looks at each sidecar every second, where ten seconds are usual: callers hear of a replica that died sooner than elsewhere.',
    ],
    telemetry: envoyTelemetry(clusterNames, { identityIn: callerIn, isAlwaysCertified: true }),
    sidecar: sidecarAdmin,
    effective: { paths: effectivePaths, read: readEffective },
    pools: poolSettings,
    hostPrograms: ['envoy', 'consul'],
    hostPorts,
    prepareOnHost,
    cluster: clusterOf(version),
    async validate({ resources }, progress, signal) {
      const { paths } = await fetchPrograms(['consul'], progress, signal, mesh);
      const problems = await refusedByConsul(paths['consul'] ?? '', resources, signal);
      if (problems.length > 0) throw new ProblemsError(problems);
    },
    async refused(resources, signal) {
      if (resources.length === 0) return { problems: [], warnings: [] };
      const consul = await programAtHand('consul', { mesh, signal });
      if (consul === undefined) {
        return { notAsked: 'consul is not here; to get it: npx breakwater tools fetch consul' };
      }
      return {
        problems: await refusedByConsul(consul, resources, signal),
        warnings: warningsAbout(resources),
      };
    },
  };
}
