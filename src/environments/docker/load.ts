import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { startAtEach } from '../../load/generators.ts';
import { isClient, isServer, portsOf } from '../../model/topology.ts';
import { type LabContext, ports } from './context.ts';
import { startK6 } from './k6.ts';

/** A k6 for every client of the load, each through its own sidecar. */
export async function prepareLoad(job: LoadJob, logs: string, context: LabContext): Promise<PreparedLoad> {
  const { containers, hosts, images, places } = context;
  const isOutside = job.direct || job.from === undefined;
  const from = isOutside
    ? [await places.outside()]
    : hosts.filter((host) => isClient(host) && host.service === job.from).map(({ name }) => name);
  return startAtEach(from, job, logs, (place, part) =>
    startK6(job, {
      ...part,
      image: images.k6,
      network: places.of(place).container.id,
      door: places.door(place),
      containers,
      names: job.direct ? namesPast(context) : {},
    }),
  );
}

/** "edge-app.default.svc.cluster.local:8080" → where the app of the first replica answers whoever asks it itself. */
function namesPast({ hosts, mesh, request }: LabContext): Readonly<Record<string, string>> {
  const { services, namespace } = request.topology;
  return Object.fromEntries(
    services.flatMap((service) => {
      const replica = hosts.find((host) => isServer(host) && host.service === service.name);
      if (replica === undefined) return [];
      const host = mesh.serviceHost(service.name, namespace);
      return portsOf(service).map((port) => [`${host}:${port}`, `${replica.address}:${ports.past}`]);
    }),
  );
}
