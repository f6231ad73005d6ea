import { type Instance, isCaller, servedBy, type TopologyPlan } from '../../../model/topology.ts';
import type { ToldMesh } from '../../contract.ts';
import { bootstrap, envoyOptions } from '../agent/bootstrap.ts';
import { proxyId, serviceHost } from '../names.ts';
import { AGENT_HOST } from './agent.ts';
import { ADMIN_PORT, agentPorts, MARKER_PORT, SIDECAR_PORT } from './ports.ts';

/** The container of a sidecar. */
export const SIDECAR = 'consul-sidecar';

const LOOPBACK = '127.0.0.1';
/** Of the addresses on which sidecars take calls, one for each service. */
const network = '127.0.1';

/** Where, inside its pod, a sidecar takes calls of a service: on an address that only this service has. */
export function upstreamAt(service: string, topology: TopologyPlan) {
  const index = servedBy(topology).findIndex(({ name }) => name === service);
  return { address: `${network}.${index + 1}`, port: servedBy(topology)[index]?.port ?? 0 };
}

/** Where it takes those of the marker, which nobody calls. */
export const markerAt = { address: `${network}.255`, port: MARKER_PORT };

/** Where it finds the app of its pod. */
export const appAt = (port: number) => ({ address: LOOPBACK, port });

/**
 * What a pod has for Consul: an Envoy, and names. Nothing captures connections: whoever calls a service by its name finds
 * its own sidecar under it, which takes calls of that service alone there.
 */
export function podParts(
  instance: Instance,
  topology: TopologyPlan,
  image: string,
): ReturnType<ToldMesh['podParts']> {
  const content = bootstrap({
    // The kubelet puts the name in.
    id: proxyId('$(POD_NAME)'),
    service: instance.service,
    admin: { address: LOOPBACK, port: ADMIN_PORT },
    agent: { address: AGENT_HOST, port: agentPorts.grpc },
    finds: 'STRICT_DNS',
  });
  return {
    containers: [
      {
        name: SIDECAR,
        image,
        imagePullPolicy: 'IfNotPresent',
        command: ['envoy'],
        // JSON is YAML, too.
        args: ['--config-yaml', JSON.stringify(content), ...envoyOptions(topology.concurrency)],
        env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        ports: [{ name: 'mesh', containerPort: SIDECAR_PORT, protocol: 'TCP' }],
        resources: { requests: { cpu: '20m', memory: '64Mi' } },
        // It listens once the agent has told it to.
        readinessProbe: {
          tcpSocket: { port: SIDECAR_PORT },
          periodSeconds: 1,
          timeoutSeconds: 5,
          failureThreshold: 60,
        },
      },
    ],
    hostAliases: isCaller(instance)
      ? servedBy(topology).map(({ name }) => ({
          ip: upstreamAt(name, topology).address,
          hostnames: [serviceHost(name)],
        }))
      : [],
  };
}
