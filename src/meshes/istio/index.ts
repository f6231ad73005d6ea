import type { Progress } from '../../kit/terminal.ts';
import type { MeshFile } from '../../plan/contract.ts';
import { fetchPrograms } from '../../toolchain/fetch.ts';
import type { Mesh, MeshResource } from '../contract.ts';
import { cluster } from './cluster/mesh.ts';
import { readConfiguration } from './configuration.ts';
import { explain } from './explain.ts';
import { hostPorts, prepareOnHost } from './host/mesh.ts';
import { serviceHost } from './names.ts';
import { statistics } from './statistics.ts';
import { validateWithIstioctl } from './validate.ts';
import { ISTIO_VERSION } from './version.ts';

/** Istio: istiod, and a pilot-agent with its Envoy beside every workload. */
export const istio = {
  name: 'istio',
  version: ISTIO_VERSION,
  readConfiguration,
  explain,
  serviceHost,
  statistics,
  hostPrograms: ['envoy', 'istiod', 'pilot-agent', 'istioctl'],
  hostPorts,
  prepareOnHost,
  cluster,
  async validate(
    files: readonly MeshFile[],
    resources: readonly MeshResource[],
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { paths } = await fetchPrograms(['istioctl'], progress, signal);
    await validateWithIstioctl(paths['istioctl'] ?? '', files, resources, { signal });
  },
} satisfies Mesh & Record<string, unknown>;
