import { nearest, quote } from '../../kit/nearest.ts';
import { isMap, type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import { portsOf, servedBy, type TopologyPlan } from '../../model/topology.ts';
import type { PlacedResource } from './configuration-resources.ts';
import { serviceHost } from './names.ts';

/** A place in a resource where a host is called. */
interface Destination {
  readonly resource: PlacedResource;
  readonly path: Path;
  readonly host: string;
  readonly subset?: string;
  readonly port?: number;
}

/** Hosts, subsets and ports that refer to nothing, so that the resource would do nothing or break requests. */
export function mistakesInHosts(resources: readonly PlacedResource[], topology: TopologyPlan): Problem[] {
  const hosts = topology.services.map(({ name }) => serviceHost(name, topology.namespace));
  const services = servedBy(topology).map(({ name }) => name);
  const entries = resources.filter(({ kind }) => kind === 'ServiceEntry');
  const known = [...hosts, ...entries.flatMap((entry) => texts(valueAt(entry.value, ['spec', 'hosts'])))];
  const exists = (host: string) => known.some((candidate) => hostMatches(host, candidate));
  const problems: Problem[] = [];
  const unknownHost = (destination: Destination) =>
    problems.push(mistakeInHost(destination, known, services, topology.namespace));
  const rules = resources.filter(({ kind }) => kind === 'DestinationRule');
  for (const resource of rules) {
    const host = valueAt(resource.value, ['spec', 'host']);
    if (typeof host === 'string' && !exists(fullHost(host, resource.namespace))) {
      unknownHost({ resource, path: ['spec', 'host'], host });
    }
  }
  const virtual = resources.filter(({ kind }) => kind === 'VirtualService');
  for (const destination of virtual.flatMap(destinationsOf)) {
    const full = fullHost(destination.host, destination.resource.namespace);
    if (!exists(full)) unknownHost(destination);
    else problems.push(...mistakesInDestination(destination, full, rules, topology));
  }
  problems.push(...mistakesInMissingHosts(resources, [], services));
  return problems;
}

/** A host that nobody has, and which one was meant. */
function mistakeInHost(
  { resource, path, host }: Destination,
  known: readonly string[],
  services: readonly string[],
  namespace: string,
): Problem {
  const full = fullHost(host, resource.namespace);
  if (services.includes(host)) {
    // A short name is one of the resource's own namespace, whatever that is.
    const message = `in the namespace ${resource.namespace} this is ${full}; there is no such service in the topology`;
    return resource.problem(path, message, `write ${serviceHost(host, namespace)}`);
  }
  const hostOf = (service: string) => serviceHost(service, namespace);
  // A name with a dot in it is taken as it is, so half of one is none.
  const half = services.map(hostOf).find((service) => service.startsWith(`${host}.`));
  const long = nearest(full, known);
  const short = services.find((service) => hostOf(service) === long);
  const meant = half ?? nearest(host, [...services, ...known]) ?? short ?? long;
  // What is meant by its short name is found by that from its own namespace only.
  const written = meant !== undefined && services.includes(meant) && resource.namespace !== namespace;
  const message = `there is no service ${quote(host)} in the topology and no ServiceEntry for it`;
  if (meant === undefined) return resource.problem(path, message, `there are ${services.join(', ')}`);
  return resource.problem(path, message, `did you mean ${written ? hostOf(meant) : meant}?`);
}

/** A VirtualService without hosts does something only where another one delegates to it; needs no topology. */
export function mistakesInMissingHosts(
  resources: readonly PlacedResource[],
  beside: readonly PlacedResource[],
  services: readonly string[] = ['SERVICE'],
): Problem[] {
  const virtual = (all: readonly PlacedResource[]) => all.filter(({ kind }) => kind === 'VirtualService');
  const delegating = virtual([...resources, ...beside]);
  return virtual(resources).flatMap((resource) => {
    const hosts = valueAt(resource.value, ['spec', 'hosts']);
    const missing = hosts === undefined || (Array.isArray(hosts) && hosts.length === 0);
    if (!missing || isDelegate(resource, delegating)) return [];
    const message = 'missing; without hosts, and no VirtualService that delegates to it, it routes nothing';
    return [resource.problem(['spec', 'hosts'], message, `hosts: [${services.join(', ')}]`)];
  });
}

/** A subset or port that the host does not have: Envoy answers 503 (NC) to every such request. */
function mistakesInDestination(
  { resource, path, host, subset, port }: Destination,
  full: string,
  rules: readonly PlacedResource[],
  topology: TopologyPlan,
): Problem[] {
  const problems: Problem[] = [];
  if (subset !== undefined) {
    const subsets = rules
      .filter((rule) => fullHost(String(valueAt(rule.value, ['spec', 'host'])), rule.namespace) === full)
      .flatMap((rule) => list(valueAt(rule.value, ['spec', 'subsets'])))
      .flatMap((each) => texts([valueAt(each, ['name'])]));
    if (!subsets.includes(subset)) {
      const hint =
        subsets.length > 0 ? `there are ${subsets.join(', ')}` : `no DestinationRule for ${host} has subsets`;
      const place = [...path.slice(0, -1), 'subset'];
      problems.push(resource.problem(place, `${host} has no subset ${quote(subset)}`, hint));
    }
  }
  const service = topology.services.find(({ name }) => serviceHost(name, topology.namespace) === full);
  const ports = service === undefined ? [] : portsOf(service);
  if (port !== undefined && service && !ports.includes(port)) {
    const place = [...path.slice(0, -1), 'port', 'number'];
    const hint = `its ${ports.length === 1 ? 'port is' : 'ports are'} ${ports.join(', ')}`;
    problems.push(resource.problem(place, `${host} has no port ${port}`, hint));
  }
  return problems;
}

/** Every destination in the routes and mirrors of a VirtualService. */
function destinationsOf(resource: PlacedResource): Destination[] {
  const found: Destination[] = [];
  const add = (path: Path) => {
    const value = valueAt(resource.value, path);
    if (!isMap(value)) return;
    const { host, subset } = value;
    const port = valueAt(value, ['port', 'number']);
    if (typeof host !== 'string') return;
    found.push({
      resource,
      path: [...path, 'host'],
      host,
      ...(typeof subset === 'string' ? { subset } : {}),
      ...(typeof port === 'number' ? { port } : {}),
    });
  };
  for (const protocol of ['http', 'tcp', 'tls']) {
    for (const [index, route] of list(valueAt(resource.value, ['spec', protocol])).entries()) {
      const path = ['spec', protocol, index];
      for (const field of ['route', 'mirrors']) {
        for (const [number] of list(valueAt(route, [field])).entries())
          add([...path, field, number, 'destination']);
      }
      add([...path, 'mirror']);
    }
  }
  return found;
}

function isDelegate(resource: PlacedResource, virtual: readonly PlacedResource[]): boolean {
  return virtual.some(({ value, namespace }) =>
    list(valueAt(value, ['spec', 'http'])).some(
      (route) =>
        valueAt(route, ['delegate', 'name']) === resource.name &&
        (valueAt(route, ['delegate', 'namespace']) ?? namespace) === resource.namespace,
    ),
  );
}

/** As Istio resolves it: a name without a dot is one of the resource's own namespace. */
export function fullHost(host: string, namespace: string): string {
  return host.includes('.') || host.startsWith('*') ? host : serviceHost(host, namespace);
}

/** Either of the two may be a wildcard: "*", "*.example.com". */
function hostMatches(a: string, b: string): boolean {
  const covers = (pattern: string, host: string) =>
    pattern.startsWith('*') && host.endsWith(pattern.slice(1));
  return a === b || covers(a, b) || covers(b, a);
}

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const texts = (value: unknown): string[] =>
  list(value).filter((item): item is string => typeof item === 'string');
