import { isServer, portsOf, servedBy } from '../../model/topology.ts';
import type { LabContext } from './context.ts';
import { appPorts, GENERATOR } from './manifests.ts';
import { podName } from './pods.ts';

/** How a person reaches the cluster and what is in it. */
export function reachLines(context: LabContext, client: string): string[] {
  const { cluster, request, namespace, mesh, roster } = context;
  const [server] = roster.members.filter(({ instance }) => isServer(instance));
  return [
    'Use the cluster:',
    `  export KUBECONFIG=${cluster.kubeconfig}`,
    'Call a service as the client does (over mTLS):',
    ...servedBy(request.topology).flatMap((service) =>
      portsOf(service).map(
        (port) =>
          `  kubectl -n ${namespace} exec ${client} -c ${GENERATOR} -- wget -qO- http://${mesh.serviceHost(service.name, namespace)}:${port}/`,
      ),
    ),
    'Look into a sidecar (Envoy admin):',
    ...roster.members.map(
      ({ instance, pod }) =>
        `  ${instance.name.padEnd(24)} kubectl -n ${namespace} port-forward ${podName(pod)} ${mesh.cluster.sidecar.adminPort}`,
    ),
    'Make an app misbehave:',
    `  kubectl -n ${namespace} port-forward ${podName(server?.pod)} ${appPorts.control}, then`,
    `  curl -X PUT http://127.0.0.1:${appPorts.control}/faults/slow -d '{"kind":"latency","delayMs":500,"jitterMs":0,"rate":1}'`,
    ...mesh.cluster.configurationHint,
  ];
}
