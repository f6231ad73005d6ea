import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import { calledFrom, isClient, isServer, portsOf, type TopologyPlan } from '../../model/topology.ts';
import type { AppPorts } from './app.ts';

/** How a person reaches a lab: lines of text. */
export function accessLines(
  topology: TopologyPlan,
  hosts: readonly HostInstance[],
  appPorts: AppPorts,
  { serviceHost }: Pick<Mesh, 'serviceHost'>,
  { configurationHint, egress }: HostMesh,
): string[] {
  const client = hosts.find(isClient);
  const called = calledFrom(topology);
  const server = hosts.find(isServer);
  return [
    ...(client
      ? [
          'Call a service as the client does (over mTLS):',
          ...topology.services
            .filter(({ name }) => called(client).includes(name))
            .flatMap((service) =>
              portsOf(service).map((port) => {
                const place = egress(client, service.name, port);
                return `  curl -H 'Host: ${serviceHost(service.name, topology.namespace)}' http://${place.address}:${place.port}/`;
              }),
            ),
        ]
      : []),
    'Look into a sidecar (Envoy admin):',
    ...hosts.map((host) => `  ${host.name.padEnd(24)} http://${host.admin}`),
    ...(server
      ? [
          'Make an app misbehave:',
          `  curl -X PUT http://${server.address}:${appPorts.control}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
        ]
      : []),
    ...configurationHint,
  ];
}
