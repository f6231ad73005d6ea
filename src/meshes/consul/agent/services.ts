import { type Instance, isCaller, isServer, type TopologyService } from '../../../model/topology.ts';
import { metaOf } from '../metadata.ts';
import { MARKER_SERVICE, proxyId } from '../names.ts';

/** Consul looks at a port no more often than that; its own default is every ten seconds. */
const checkEvery = '1s';

/** An address and a port there. */
interface Place {
  readonly address: string;
  readonly port: number;
}

/** A replica as an agent hears of it. */
export interface Replica
  extends Pick<Instance, 'service' | 'role' | 'app' | 'gateway' | 'labels' | 'locality'> {
  /** No other replica has it. */
  readonly id: string;
  /** Where its sidecar takes requests from others. */
  readonly sidecar: Place;
  /** Where its sidecar finds its app. */
  readonly appAt: Place;
  /** Where its sidecar takes calls of a service. */
  upstream(service: string): Place;
  /** Where it takes those of the marker, which nobody calls. */
  readonly marker: Place;
}

/** By service, how many there are. */
export const countOf = (instances: readonly Pick<Instance, 'service'>[]): ReadonlyMap<string, number> =>
  new Map(
    [...Map.groupBy(instances, ({ service }) => service)].map(([service, { length }]) => [service, length]),
  );

/**
 * What an agent is told of replicas, one after the other: each service, and its sidecar beside it, which takes calls of
 * the services `called` where the replica makes any; or a gateway.
 */
export function registrations(
  replicas: readonly Replica[],
  called: readonly Pick<TopologyService, 'name'>[],
): readonly object[] {
  return replicas.flatMap((replica) =>
    replica.gateway === undefined
      ? [service(replica), sidecar(replica, isCaller(replica) ? called : [])]
      : [gateway(replica)],
  );
}

/** A service without a replica that anybody could call: gateways are told of services that are there alone. */
export const markerService = ({ address, port }: Place): object => ({
  name: MARKER_SERVICE,
  address,
  port,
  connect: { native: true },
});

/** One that other datacenters find where its own does. */
function gateway(replica: Replica): object {
  const { id, service, sidecar } = replica;
  const { address, port } = sidecar;
  return {
    id: proxyId(id),
    name: service,
    kind: 'mesh-gateway',
    address,
    port,
    tagged_addresses: { wan: { address, port } },
    meta: metaOf(replica),
    checks: [listens(sidecar)],
  };
}

const listens = ({ address, port }: Place): object => ({
  name: 'listens',
  tcp: `${address}:${port}`,
  interval: checkEvery,
  timeout: '1s',
});

function service(replica: Replica): object {
  return {
    id: replica.id,
    name: replica.service,
    address: replica.sidecar.address,
    port: replica.appAt.port,
    meta: metaOf(replica),
  };
}

function sidecar(replica: Replica, called: readonly Pick<TopologyService, 'name'>[]): object {
  const { id, service } = replica;
  const { address, port } = replica.sidecar;
  const upstream = (name: string, at: Place) => ({
    destination_name: name,
    local_bind_address: at.address,
    local_bind_port: at.port,
  });
  return {
    id: proxyId(id),
    name: `${service}-sidecar-proxy`,
    kind: 'connect-proxy',
    address,
    port,
    // Subsets pick sidecars by it.
    meta: metaOf(replica),
    proxy: {
      destination_service_name: service,
      destination_service_id: id,
      local_service_address: replica.appAt.address,
      local_service_port: replica.appAt.port,
      upstreams: [
        ...called.map(({ name }) => upstream(name, replica.upstream(name))),
        upstream(MARKER_SERVICE, replica.marker),
      ],
    },
    ...(isServer(replica) ? { checks: [listens(replica.sidecar)] } : {}),
  };
}
