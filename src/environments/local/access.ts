import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import { calledFrom, isClient, isServer, portsOf, type TopologyPlan } from '../../model/topology.ts';
import type { AppPorts } from './app.ts';

/** How a person reaches a lab: lines of text. */
export function accessLines(
  topology: TopologyPlan,
  hosts: readonly HostInstance[],
  appPorts: AppPorts,
  { serviceHost }: Pick<Mesh, 'serviceHost'>,
  { configurationDirectory, configurationFile }: HostMesh,
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
              portsOf(service).map(
                (port) =>
                  `  curl -H 'Host: ${serviceHost(service.name, topology.namespace)}' http://${client.egressAddress}:${port}/`,
              ),
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
    `Change the mesh configuration: edit ${configurationFile}`,
    '(the control plane watches its folder; of two rules for one host, the one that came first holds),',
    `or drop YAML beside it with metadata.namespace ${topology.namespace}:`,
    `  ${configurationDirectory}`,
  ];
}
