import { join } from 'node:path';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { startAtEach } from '../../load/generators.ts';
import type { HostEndpoint, HostInstance } from '../../meshes/contract.ts';
import { isClient, isServer, portsOf } from '../../model/topology.ts';
import type { LabContext } from './context.ts';
import { startK6 } from './k6.ts';

/** Where a load meets the mesh. */
interface LoadPlace {
  readonly name: string;
  /** Where calls of a service on a port go. */
  placeOf(service: string, port: number): HostEndpoint | undefined;
}

/** A k6 for every client of the load, each through its own sidecar. */
export function prepareLoad(job: LoadJob, logs: string, context: LabContext): Promise<PreparedLoad> {
  const { found, layout, programs, request } = context;
  return startAtEach(placesOf(job, context), job, logs, (place, part, index) =>
    startK6(job, {
      ...part,
      k6: found.paths['k6'] ?? '',
      api: layout.generator(job.number, index),
      directory: join(request.directory, part.name, place.name),
      names: namesAt(place, context),
      launch: (spec) => programs.run(spec),
    }),
  );
}

function placesOf({ direct, from }: LoadJob, { hostMesh, layout: { hosts } }: LabContext): LoadPlace[] {
  // Straight to the app of the first replica of a service.
  if (direct) return [atFirstReplicas('past-the-mesh', hosts, (_, { appPort }) => appPort)];
  // Without a sidecar of its own: to the first replica, as it is known to others.
  if (from === undefined) return [atFirstReplicas('outside', hosts, (port) => port)];
  return hosts
    .filter((host) => isClient(host) && host.service === from)
    .map((host) => ({
      name: host.name,
      placeOf: (service, port) => hostMesh.egress(host, service, port),
    }));
}

function atFirstReplicas(
  name: string,
  hosts: readonly HostInstance[],
  portAt: (called: number, replica: HostInstance) => number,
): LoadPlace {
  return {
    name,
    placeOf: (service, port) => {
      const replica = hosts.find((host) => isServer(host) && host.service === service);
      return replica && { address: replica.address, port: portAt(port, replica) };
    },
  };
}

/** Host name of a service, or one with its port → where that leads from a place. */
function namesAt(place: LoadPlace, { mesh, request }: LabContext): Readonly<Record<string, string>> {
  const { services, namespace } = request.topology;
  return Object.fromEntries(
    services.flatMap((service) => {
      const host = mesh.serviceHost(service.name, namespace);
      return portsOf(service).flatMap((port) => nameAt(host, port, place.placeOf(service.name, port)));
    }),
  );
}

/** A host name, or one with its port, as k6 takes it → where it leads: to another port only where that has to be said. */
function nameAt(host: string, port: number, place: HostEndpoint | undefined): readonly [string, string][] {
  if (place === undefined) return [];
  return place.port === port
    ? [[host, place.address]]
    : [[`${host}:${port}`, `${place.address}:${place.port}`]];
}
