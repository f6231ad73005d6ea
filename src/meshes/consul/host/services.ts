import { isCaller, isServer, servedBy } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { MARKER_SERVICE, proxyId } from '../names.ts';
import { MARKER_PORT, upstreamPort } from './ports.ts';

/** Consul looks at a port no more often than that; its own default is every ten seconds. */
const checkEvery = '1s';

/** What an agent is told of the instances of a lab, one after the other: each service, and its sidecar beside it. */
export function registrations(request: HostMeshRequest): readonly object[] {
  return request.instances.flatMap((instance) => [service(instance), sidecar(instance, request)]);
}

function service(instance: HostInstance): object {
  return {
    id: instance.name,
    name: instance.service,
    address: instance.address,
    port: instance.appPort,
    meta: metaOf(instance),
  };
}

function sidecar(instance: HostInstance, request: HostMeshRequest): object {
  const { name, service, address, port, appPort, egressAddress } = instance;
  const called = isCaller(instance) ? servedBy(request.topology) : [];
  return {
    id: proxyId(name),
    name: `${service}-sidecar-proxy`,
    kind: 'connect-proxy',
    address,
    port,
    // Subsets pick sidecars by it.
    meta: metaOf(instance),
    proxy: {
      destination_service_name: service,
      destination_service_id: name,
      local_service_address: address,
      local_service_port: appPort,
      upstreams: [
        ...called.map((each) => ({
          destination_name: each.name,
          local_bind_address: egressAddress,
          local_bind_port: egressPort(request, each.name),
        })),
        {
          destination_name: MARKER_SERVICE,
          local_bind_address: egressAddress,
          local_bind_port: request.port(MARKER_PORT),
        },
      ],
    },
    ...(isServer(instance)
      ? {
          checks: [
            {
              name: 'listens',
              tcp: `${address}:${port}`,
              interval: checkEvery,
              timeout: '1s',
            },
          ],
        }
      : {}),
  };
}

/** Where a sidecar takes calls of a service. */
export function egressPort({ topology, port }: HostMeshRequest, service: string): number {
  const index = servedBy(topology).findIndex(({ name }) => name === service);
  return port(upstreamPort(index));
}

/** The labels of an instance, and where it is, as subsets name them: `Service.Meta.zone == "zone-east"`. */
function metaOf({ service, labels, locality }: Pick<HostInstance, 'service' | 'labels' | 'locality'>) {
  const [region = '', zone = '', subzone] = locality.split('/');
  const all = {
    app: service,
    version: 'v1',
    ...labels,
    region,
    zone,
    ...(subzone === undefined ? {} : { subzone }),
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [metaName(name), value]));
}

/** A label's name with what Consul takes in one of metadata. */
const metaName = (label: string) => label.replaceAll(/[^A-Za-z0-9_-]/g, '_');
