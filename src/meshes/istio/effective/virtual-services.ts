import { isMap, valueAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { EnvoyRoute } from '../../envoy/config-dump.ts';
import type { Place } from '../../told.ts';
import { list, texts } from '../configuration-hosts.ts';
import { hasLabels, labelsText, type Workload } from './selection.ts';

/** One of the routes that Istio makes of an entry of `http`: one for each of its matches. */
export interface WrittenRoute {
  /** The entry; of a delegate's first, then the one that delegates to it, which fills the gaps. */
  readonly places: readonly [Place, ...Place[]];
  /** Where its match is; undefined when it takes everything. */
  readonly match: unknown;
  /** Why a sidecar gets no such route; undefined when it does. */
  readonly why: string | undefined;
}

/**
 * The routes that a VirtualService makes in a sidecar on one port, in order, and those that it does not; `calledOn` are
 * all ports that calls go to.
 * https://github.com/istio/istio/blob/1.29.1/pilot/pkg/networking/core/route/route.go (BuildHTTPRoutesForVirtualService)
 */
export function writtenRoutes(
  resource: MeshResource,
  workload: Workload,
  port: number,
  delegates: readonly MeshResource[],
  calledOn = String(port),
): readonly WrittenRoute[] {
  const routes: WrittenRoute[] = [];
  let last: string | undefined;
  for (const { places, matches } of entries(resource, delegates)) {
    for (const match of matches.length === 0 ? [undefined] : matches) {
      const why = last ?? whyNoRoute(match, workload, port, calledOn, resource.namespace);
      routes.push({ places, match, why });
      if (why === undefined && takesAll(match)) {
        const [first] = places;
        last = `${first.path
          .slice(1)
          .join('.')
          .replace(/\.(\d+)/, '[$1]')} before it takes every request`;
      }
    }
  }
  return routes;
}

interface Entry {
  readonly places: readonly [Place, ...Place[]];
  readonly matches: readonly unknown[];
}

function entries(resource: MeshResource, delegates: readonly MeshResource[]): Entry[] {
  return list(valueAt(resource.value, ['spec', 'http'])).flatMap((http, index): Entry[] => {
    const place: Place = { resource, path: ['spec', 'http', index] };
    const delegate = valueAt(http, ['delegate']);
    const matches = list(valueAt(http, ['match']));
    if (!isMap(delegate)) return [{ places: [place], matches }];
    const namespace = valueAt(delegate, ['namespace']) ?? resource.namespace;
    const to = delegates.find(
      (each) => each.name === valueAt(delegate, ['name']) && each.namespace === namespace,
    );
    return to === undefined ? [] : entries(to, []).map((inner) => merged(place, matches, inner));
  });
}

/** The first field that both have in different words makes Istio leave the delegate's route out; that is not told apart. */
function merged(root: Place, matches: readonly unknown[], inner: Entry): Entry {
  const [first] = inner.places;
  const places = [first, root] as const;
  if (matches.length === 0) return { places, matches: inner.matches };
  if (inner.matches.length === 0) return { places, matches };
  return {
    places,
    matches: inner.matches.flatMap((own) => matches.map((outer) => ({ ...mapOf(outer), ...mapOf(own) }))),
  };
}

function whyNoRoute(
  match: unknown,
  { labels, namespace, instance, gateways: own }: Workload,
  port: number,
  calledOn: string,
  writtenIn: string,
): string | undefined {
  const wantedPort = valueAt(match, ['port']);
  if (typeof wantedPort === 'number' && wantedPort !== 0 && wantedPort !== port) {
    return `its match wants port ${wantedPort}, and calls go to ${calledOn}`;
  }
  const gateways = texts(valueAt(match, ['gateways']));
  if (gateways.length > 0 && own !== undefined) {
    const isOwn = gateways.some((each) => own.includes(gatewayNamed(each, writtenIn)));
    return isOwn ? undefined : `its match is for other gateways: ${gateways.join(', ')}`;
  }
  if (gateways.length > 0) {
    return gateways.includes('mesh') ? undefined : `its match is for gateways only: ${gateways.join(', ')}`;
  }
  const wanted = mapOf(valueAt(match, ['sourceLabels'])) as Readonly<Record<string, string>>;
  if (!hasLabels(labels, wanted)) {
    return `its match wants callers with ${labelsText(wanted)}, and ${instance.name} has not`;
  }
  const from = valueAt(match, ['sourceNamespace']);
  return typeof from === 'string' && from !== '' && from !== namespace
    ? `its match wants callers in the namespace ${from}, and ${instance.name} is in ${namespace}`
    : undefined;
}

/** A Gateway as a VirtualService names it: "edge" in the namespace default → "default/edge". */
export const gatewayNamed = (written: string, namespace: string): string =>
  written.includes('/') || written === 'mesh' ? written : `${namespace}/${written}`;

function takesAll(match: unknown): boolean {
  const conditions = ['headers', 'withoutHeaders', 'queryParams', 'method', 'authority', 'scheme'];
  if (conditions.some((field) => Object.keys(mapOf(valueAt(match, [field]))).length > 0)) return false;
  const uri = valueAt(match, ['uri']);
  return uri === undefined || valueAt(uri, ['prefix']) === '/' || valueAt(uri, ['regex']) === '.*';
}

/** Whether a route of a sidecar is the one that a match makes: by its path, its headers and its parameters. */
export function isMadeOf(route: EnvoyRoute, match: unknown): boolean {
  const uri = mapOf(valueAt(match, ['uri']));
  const {
    prefix,
    path,
    path_separated_prefix,
    safe_regex,
    headers = [],
    query_parameters = [],
  } = route.match;
  const isPath =
    uri['exact'] !== undefined
      ? path === uri['exact']
      : uri['regex'] !== undefined
        ? safe_regex?.regex === uri['regex']
        : (prefix ?? path_separated_prefix) === (uri['prefix'] ?? '/');
  const names = [
    ...Object.keys(mapOf(valueAt(match, ['headers']))),
    ...Object.keys(mapOf(valueAt(match, ['withoutHeaders']))),
    ...(['method', 'authority', 'scheme'] as const)
      .filter((field) => valueAt(match, [field]) !== undefined)
      .map((field) => `:${field}`),
  ].filter((name) => !name.startsWith('@request.auth.'));
  return (
    isPath &&
    sameNames(headers, names) &&
    sameNames(query_parameters, Object.keys(mapOf(valueAt(match, ['queryParams']))))
  );
}

const sameNames = (held: readonly { readonly name: string }[], wanted: readonly string[]) =>
  JSON.stringify(held.map(({ name }) => name.toLowerCase()).toSorted()) ===
  JSON.stringify(wanted.map((name) => name.toLowerCase()).toSorted());

const mapOf = (value: unknown): Readonly<Record<string, unknown>> => (isMap(value) ? value : {});
