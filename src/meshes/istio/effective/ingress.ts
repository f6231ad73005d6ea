import { valueAt } from '../../../kit/path.ts';
import type { VirtualHost } from '../../../model/effective.ts';
import { pathText } from '../../told.ts';
import { texts } from '../configuration-hosts.ts';
import { covers, type GatewayContext, hostsAt, type Idle, modeOf, type Server } from './gateway-servers.ts';
import { hostsOf } from './unused.ts';
import { gatewayNamed, writtenRoutes } from './virtual-services.ts';

/** What VirtualServices say that an ingress gateway has no routes of, and why; `servers` are those that it has. */
export function unusedByIngress(
  held: readonly VirtualHost[],
  { under, workload, topology }: GatewayContext,
  servers: readonly Server[],
): readonly Idle[] {
  const { service, port } = workload.instance;
  const { hosts = [] } = topology.gateways?.find(({ name }) => name === service) ?? {};
  const made = new Set(
    held.flatMap(({ routes }) =>
      routes.flatMap(({ from }) =>
        from.by === 'setting' ? [`${from.resource.namespace}/${from.resource.name} ${from.path}`] : [],
      ),
    ),
  );
  const all = under.ofKind('VirtualService');
  return all.flatMap((resource): readonly Idle[] => {
    const at = (path: readonly (string | number)[], why: string): Idle => ({
      place: { resource, path },
      why,
    });
    const written = texts(valueAt(resource.value, ['spec', 'gateways']));
    const bound = written.map((each) => gatewayNamed(each, resource.namespace));
    const own = hostsOf(resource);
    const isAsked = own.some((host) => hosts.some((each) => covers(host, each)));
    // Without hosts it is another one's delegate, and for names inside the mesh it is for sidecars.
    if (own.length === 0 || (bound.length === 0 && !isAsked)) return [];
    if (bound.length === 0) {
      return [at(['spec', 'hosts', 0], 'it is for calls inside the mesh, since it names no gateway')];
    }
    if (bound.every((each) => each === 'mesh')) return [];
    if (!bound.some((each) => workload.gateways?.includes(each))) {
      return [at(['spec', 'gateways', 0], `it is for ${written.join(', ')}, which ${service} is not of`)];
    }
    const taking = servers.filter(({ resource: { namespace, name } }) =>
      bound.includes(`${namespace}/${name}`),
    );
    const taken = taking.flatMap(({ place }) => hostsAt(place));
    if (!own.some((host) => taken.some((each) => covers(each, host) || covers(host, each)))) {
      const what = taken.length === 0 ? 'takes nothing on that port' : `takes ${taken.join(', ')}`;
      return [at(['spec', 'hosts', 0], `its gateway ${what}`)];
    }
    if (!isAsked) {
      return [at(['spec', 'hosts', 0], `nobody asks for it: clients of ${service} call ${hosts.join(', ')}`)];
    }
    const isPassed = taking.some(({ place }) => modeOf(place) === 'PASSTHROUGH');
    if (valueAt(resource.value, ['spec', 'tls', 0]) !== undefined && !isPassed) {
      return [at(['spec', 'tls', 0], 'TLS ends at its gateway, where the http routes count')];
    }
    return writtenRoutes(resource, workload, port, all).flatMap(({ places: [place], why }) => {
      const isMade = made.has(`${place.resource.namespace}/${place.resource.name} ${pathText(place.path)}`);
      return isMade || why === undefined ? [] : [{ place, why }];
    });
  });
}
