import type { HostInstance } from '../../meshes/contract.ts';
import { calledFrom, isClient, portsOf } from '../../model/topology.ts';
import { accessLines } from '../access.ts';
import type { LabContext } from './context.ts';
import { relayLines } from './relay.ts';

/** How a person reaches a lab: lines of text. */
export function reachLines(context: LabContext): readonly string[] {
  const { hostMesh, layout } = context;
  const client = layout.hosts.find(isClient);
  return [
    ...(client ? callLines(client, context) : []),
    ...accessLines(layout.hosts, (host) => layout.control(host)),
    ...hostMesh.configurationHint,
    ...(layout.relay ? relayLines(layout.relay) : []),
  ];
}

function callLines(client: HostInstance, { hostMesh, mesh, request }: LabContext): readonly string[] {
  const { topology } = request;
  const called = calledFrom(topology)(client);
  return [
    'Call a service as the client does (over mTLS):',
    ...topology.services
      .filter(({ name }) => called.includes(name))
      .flatMap((service) =>
        portsOf(service).map((port) => {
          const place = hostMesh.egress(client, service.name, port);
          return `  curl -H 'Host: ${mesh.serviceHost(service.name, topology.namespace)}' http://${place.address}:${place.port}/`;
        }),
      ),
  ];
}
