import type { HostInstance } from '../meshes/contract.ts';
import { isServer } from '../model/topology.ts';

/** How a person reaches the sidecars and apps of a lab: lines of text. `control`: "host:port" of an app's control port. */
export function accessLines(
  hosts: readonly HostInstance[],
  control: (host: HostInstance) => string,
): readonly string[] {
  const server = hosts.find(isServer);
  return [
    'Look into a sidecar (Envoy admin):',
    ...hosts.map(({ name, admin }) => `  ${name.padEnd(24)} http://${admin}`),
    ...(server
      ? [
          'Make an app misbehave:',
          `  curl -X PUT http://${control(server)}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
        ]
      : []),
  ];
}
