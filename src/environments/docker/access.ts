import { basename } from 'node:path';
import { isClient, isServer, portsOf } from '../../model/topology.ts';
import { containerLabels } from '../../runs/containers.ts';
import { accessLines } from '../access.ts';
import type { LabContext } from './context.ts';

/** How a person reaches a lab: lines of text. */
export function reachLines({ hosts, places, request }: LabContext): readonly string[] {
  const { topology, directory } = request;
  const client = hosts.find(isClient);
  const called = topology.services.filter(isServer);
  return [
    ...(client
      ? [
          `Call a service as ${client.name} does (over mTLS):`,
          ...called.flatMap((service) =>
            portsOf(service).map(
              (port) => `  curl http://${places.door(client.name)}${service.name}:${port}/`,
            ),
          ),
        ]
      : []),
    ...accessLines(hosts, (host) => places.control(host)),
    `Containers: docker ps --filter label=${containerLabels.run}=${basename(directory)}`,
  ];
}
