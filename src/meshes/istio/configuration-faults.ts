import { matchesRequest } from '../../effective/index.ts';
import { isMap, type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { ConfigurationContext } from '../contract.ts';
import { fullHost, texts } from './configuration-hosts.ts';
import type { PlacedResource } from './configuration-resources.ts';
import { type WrittenRoute, writtenRoutes } from './effective/virtual-services.ts';
import { instanceLabels } from './labels.ts';
import { serviceHost } from './names.ts';
import { writtenMatch } from './written-match.ts';

type Load = ConfigurationContext['loads'][number];

/**
 * A VirtualService's abort or delay acts in the caller's sidecar before a host is chosen, and turns the
 * route's timeout and retries off: beside checks on hosts it proves nothing. One that no request of a load meets
 * does no harm: a route for gateways, or behind a header that the load does not send.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPFaultInjection
 */
export function mistakesInFaults(
  resources: readonly PlacedResource[],
  { topology, loads, aboutHosts: [check] }: ConfigurationContext,
): Problem[] {
  if (!check) return [];
  const virtual = resources.filter(({ kind }) => kind === 'VirtualService');
  const met = loads.flatMap((load) =>
    faultsMet(load, virtual, topology).map((fault) => ({ ...fault, to: load.to })),
  );
  const places = met.map(({ resource, path }) => `${resource.namespace}/${resource.name} ${path.join('.')}`);
  return met
    .filter((_, index) => places.indexOf(places[index] ?? '') === index)
    .map(({ resource, path, what, to }) =>
      resource.problem(
        path,
        `${what === 'abort' ? 'an abort' : 'a delay'} here acts in the caller's sidecar before a host is chosen, so it can never ${check.happens}, which the check ${check.check} (${check.kind}) is about`,
        `use a fault of the scenario instead: kind: ${what === 'abort' ? 'error' : 'latency'}, on: {service: ${to}}`,
        'key',
      ),
    );
}

interface WrittenFault {
  readonly resource: PlacedResource;
  readonly path: Path;
  readonly what: 'abort' | 'delay';
}

/** The faults in the routes that requests of a load certainly take. */
function faultsMet(
  load: Load,
  virtual: readonly PlacedResource[],
  { instances, namespace }: TopologyPlan,
): readonly WrittenFault[] {
  const host = serviceHost(load.to, namespace);
  const callers = instances
    .filter(({ service }) => service === load.from)
    .map((instance) => ({ instance, namespace, labels: instanceLabels(instance) }));
  return virtual
    .filter((resource) => isForSidecars(resource) && isAbout(resource, host))
    .flatMap((resource) =>
      callers.flatMap((caller) => takenBy(load, writtenRoutes(resource, caller, load.port, virtual))),
    )
    .flatMap(({ places }) =>
      (['abort', 'delay'] as const).flatMap((what): WrittenFault[] => {
        const place = places.find((each) =>
          isMap(valueAt(each.resource.value, [...each.path, 'fault', what])),
        );
        const resource = virtual.find((each) => each === place?.resource);
        if (place === undefined || resource === undefined) return [];
        return [{ resource, path: [...place.path, 'fault', what], what }];
      }),
    );
}

function isForSidecars({ value }: PlacedResource): boolean {
  const gateways = texts(valueAt(value, ['spec', 'gateways']));
  return gateways.length === 0 || gateways.includes('mesh');
}

function isAbout(resource: PlacedResource, name: string): boolean {
  return texts(valueAt(resource.value, ['spec', 'hosts']))
    .map((host) => fullHost(host, resource.namespace))
    .some((host) => host === name || (host.startsWith('*') && name.endsWith(host.slice(1))));
}

/** The routes that requests of a load certainly take. */
function takenBy({ request }: Load, routes: readonly WrittenRoute[]): readonly WrittenRoute[] {
  for (const route of routes.filter(({ why }) => why === undefined)) {
    if (request === undefined) {
      // Nobody knows what a script asks for; what takes everything takes that too.
      if (route.match === undefined) return [route];
      continue;
    }
    const matches = matchesRequest(writtenMatch(route.match), request);
    if (matches === 'yes') return [route];
    if (matches === 'perhaps') return [];
  }
  return [];
}
