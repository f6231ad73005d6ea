import { type Path, valueAt } from '../../kit/path.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import type { Explanation } from '../contract.ts';

/** The setting behind an error: where the user wrote it, or what holds because nobody did. */
export type Setting = Omit<Explanation, 'cause'>;

/** A setting of the DestinationRule for a service, by its path in a traffic policy. */
export function trafficPolicy(
  resources: readonly MeshResource[],
  service: string,
  path: readonly string[],
  fallback: string,
): Setting {
  const rules = applying(resources, 'DestinationRule', service, (spec) => [spec['host']]);
  for (const rule of rules) {
    // A port or subset overrides the policy of the whole host, as in Istio.
    const places = [
      ...indexed(rule, ['spec', 'trafficPolicy', 'portLevelSettings']),
      ['spec', 'trafficPolicy'],
      ...indexed(rule, ['spec', 'subsets']).map((subset) => [...subset, 'trafficPolicy']),
    ];
    for (const place of places) {
      const found = written(rule, [...place, ...path]);
      if (found) return found;
    }
  }
  return unset(rules[0], 'DestinationRule', service, path.join('.'), fallback);
}

/** The labels of a subset in the DestinationRule for a service. */
export function subset(resources: readonly MeshResource[], service: string, name: string): Setting {
  const rules = applying(resources, 'DestinationRule', service, (spec) => [spec['host']]);
  for (const rule of rules) {
    const place = indexed(rule, ['spec', 'subsets']).find(
      (each) => valueAt(rule.value, [...each, 'name']) === name,
    );
    const found = place && written(rule, [...place, 'labels']);
    if (found) return found;
  }
  return unset(rules[0], 'DestinationRule', service, `subset ${name}`, 'it selects every replica');
}

/** A setting of an HTTP route in the VirtualService for a service, by its path in the route. */
export function httpRoute(
  resources: readonly MeshResource[],
  service: string,
  path: readonly string[],
  fallback: string,
): Setting {
  const services = applying(resources, 'VirtualService', service, (spec) => asArray(spec['hosts']));
  for (const resource of services) {
    for (const route of indexed(resource, ['spec', 'http'])) {
      const found = written(resource, [...route, ...path]);
      if (found) return found;
    }
  }
  return unset(services[0], 'VirtualService', service, `http[].${path.join('.')}`, fallback);
}

/** A resource by kind and name. */
export function named(
  resources: readonly MeshResource[],
  kind: string,
  name: string,
  path: Path = [],
): Setting | undefined {
  const resource = resources.find((each) => each.kind === kind && each.name === name);
  if (resource === undefined) return undefined;
  const at = path.length === 0 ? '' : ` ${pathText(path)}`;
  return { setting: `${kind}/${name}${at}`, source: `${resource.file}:${resource.lineOf(path)}` };
}

/** Several settings that act together; the first one the user wrote gives the source. */
export function together(settings: readonly Setting[]): Setting {
  const source = settings.find((each) => each.source !== undefined)?.source;
  return {
    setting: settings.map(({ setting }) => setting).join('; '),
    ...(source === undefined ? {} : { source }),
  };
}

/** The resources of a kind that apply to a service, the most specific host first. */
function applying(
  resources: readonly MeshResource[],
  kind: string,
  service: string,
  hostsOf: (spec: Readonly<Record<string, unknown>>) => readonly unknown[],
): MeshResource[] {
  return resources
    .filter((resource) => resource.kind === kind)
    .map((resource) => {
      const hosts = hostsOf(asRecord(resource.value['spec']));
      return { resource, match: Math.max(-1, ...hosts.map((host) => specificity(host, service, resource))) };
    })
    .filter(({ match }) => match >= 0)
    .sort((a, b) => b.match - a.match)
    .map(({ resource }) => resource);
}

/** How closely a host names a service: -1 not at all, more for longer wildcards, most for its name. */
function specificity(host: unknown, service: string, resource: MeshResource): number {
  if (typeof host !== 'string') return -1;
  if (host === service || host.startsWith(`${service}.`)) return Number.MAX_SAFE_INTEGER;
  if (!host.startsWith('*')) return -1;
  const suffix = host.slice(1);
  const names = [service, `${service}.${resource.namespace}.svc.cluster.local`];
  return names.some((name) => name.endsWith(suffix)) ? suffix.length : -1;
}

function written(resource: MeshResource, path: Path): Setting | undefined {
  const value = valueAt(resource.value, path);
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return {
    setting: `${resource.kind}/${resource.name} ${pathText(path)}: ${text}`,
    source: `${resource.file}:${resource.lineOf(path)}`,
  };
}

function unset(
  resource: MeshResource | undefined,
  kind: string,
  service: string,
  what: string,
  fallback: string,
): Setting {
  const where = resource ? `${kind}/${resource.name}` : `no ${kind} for ${service}`;
  return { setting: `${where}: ${what} is not set, so ${fallback}` };
}

function indexed(resource: MeshResource, path: Path): Path[] {
  return asArray(valueAt(resource.value, path)).map((_, index) => [...path, index]);
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
