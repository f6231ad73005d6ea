import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { usageError } from '../../kit/errors.ts';
import { packageRoot } from '../../kit/package-root.ts';
import { isServer, type TopologyPlan } from '../../model/topology.ts';
import { localityLabels } from '../kubernetes/manifests.ts';
import type { KindSettings } from './versions.ts';

interface KindNode {
  readonly role?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface KindConfiguration {
  readonly kind?: string;
  readonly nodes?: readonly KindNode[];
}

/** Localities that need a node: those of the services; clients run beside the control plane. */
function neededLocalities({ instances }: Pick<TopologyPlan, 'instances'>): string[] {
  return [...new Set(instances.filter(isServer).map(({ locality }) => locality))];
}

/** kind's configuration for a topology: the file's, with exactly the workers whose localities it has. */
export async function clusterConfiguration(topology: TopologyPlan, settings: KindSettings): Promise<string> {
  const file = settings.config ?? fileURLToPath(new URL('kind-config.yaml', packageRoot));
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw usageError(`${file} cannot be read: ${error.message}`, 'BREAKWATER_KIND_CONFIG names it');
  });
  return stringify(withWorkers(parse(text) as KindConfiguration, neededLocalities(topology), file));
}

export function withWorkers(
  configuration: KindConfiguration,
  localities: readonly string[],
  file: string,
): KindConfiguration {
  if (configuration?.kind !== 'Cluster') throw usageError(`${file} is no configuration of kind`);
  const nodes = configuration.nodes ?? [];
  const controlPlanes = nodes.filter(({ role }) => role === 'control-plane');
  const workers = localities.map((locality) => {
    const labels = localityLabels(locality);
    const written = nodes.find(
      (node) =>
        node.role === 'worker' &&
        Object.entries(labels).every(([name, value]) => node.labels?.[name] === value),
    );
    return written ?? { role: 'worker', labels };
  });
  return {
    ...configuration,
    nodes: [...(controlPlanes.length > 0 ? controlPlanes : [{ role: 'control-plane' }]), ...workers],
  };
}
