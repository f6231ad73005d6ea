import { isMap, valueAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Instance } from '../../../model/topology.ts';
import { fullHost, texts } from '../configuration-hosts.ts';
import { ROOT_NAMESPACE } from '../names.ts';

/** A sidecar, as resources choose among them. */
export interface Workload {
  readonly instance: Instance;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a gateway: the Gateways under test that select it, "namespace/name". */
  readonly gateways?: readonly string[];
}

/** The labels that a resource wants of a workload: `spec.selector` or `spec.workloadSelector`, in all their spellings. */
export function selectorOf(resource: MeshResource): Readonly<Record<string, string>> | undefined {
  const spec = resource.value['spec'];
  for (const path of [['workloadSelector'], ['selector']]) {
    const selector = valueAt(spec, path);
    if (!isMap(selector)) continue;
    const labels = valueAt(selector, ['matchLabels']) ?? valueAt(selector, ['labels']);
    return isMap(labels) ? (labels as Readonly<Record<string, string>>) : {};
  }
  return undefined;
}

export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** "tier=gold, track=canary". */
export const labelsText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

/** Why a resource of a kind that selects workloads does not hold for one; undefined when it does. */
export function whyNotSelected(resource: MeshResource, workload: Workload): string | undefined {
  const { namespace } = resource;
  if (namespace !== workload.namespace && namespace !== ROOT_NAMESPACE) {
    return `it is in the namespace ${namespace}; ${workload.instance.name} is in ${workload.namespace}`;
  }
  const selector = selectorOf(resource);
  if (selector === undefined || hasLabels(workload.labels, selector)) return undefined;
  return `it selects workloads with ${labelsText(selector)}, and ${workload.instance.name} has not`;
}

/** Why a sidecar in `namespace` does not see a resource: `exportTo`. Undefined when it does. */
export function whyNotExported(resource: MeshResource, namespace: string): string | undefined {
  const exportTo = texts(valueAt(resource.value, ['spec', 'exportTo']));
  if (exportTo.length === 0) return undefined;
  const seen = exportTo.some(
    (to) => to === '*' || to === namespace || (to === '.' && resource.namespace === namespace),
  );
  return seen
    ? undefined
    : `exportTo shows it to ${exportTo.join(', ')} only, and callers are in ${namespace}`;
}

/** How closely a host of a resource names a full host name: -1 not at all, more for longer wildcards. */
export function closeness(host: string, resource: MeshResource, full: string): number {
  const named = fullHost(host, resource.namespace);
  if (named === full) return Number.MAX_SAFE_INTEGER;
  return named.startsWith('*') && full.endsWith(named.slice(1)) ? named.length : -1;
}

/** By age, then by name, as istiod orders what it reads. */
export function olderFirst(a: MeshResource, b: MeshResource): number {
  const age = ({ value }: MeshResource) =>
    Date.parse(String(valueAt(value, ['metadata', 'creationTimestamp']))) || 0;
  return age(a) - age(b) || compare(a.name, b.name) || compare(a.namespace, b.namespace);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
