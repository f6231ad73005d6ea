import type { ClusterMeshSettings } from '../../contract.ts';
import { agentSettings } from '../agent/settings.ts';
import { ONLY_DATACENTER } from '../datacenters.ts';
import { agentPorts } from './ports.ts';

/** The namespace of the agent, its Deployment, its Service and its container are all called so. */
export const AGENT = 'consul';

/** The host name by which sidecars find the agent. */
export const AGENT_HOST = `${AGENT}.${AGENT}.svc`;

/** Folder whose files an agent reads services from, when it starts and when it is asked to read again. */
const SERVICES_FOLDER = '/consul/services';
const DATA_FOLDER = '/consul/data';

/** The file that says which services and sidecars there are. */
export const SERVICES_FILE = `${SERVICES_FOLDER}/lab.json`;

const settings = agentSettings({
  datacenter: ONLY_DATACENTER,
  bindAddress: '127.0.0.1',
  clientAddress: '0.0.0.0',
  ports: agentPorts,
  dataFolder: DATA_FOLDER,
});

/** The agent of a lab, which knows nothing yet; what it is told goes with its pod. */
export function agentObjects(
  image: string,
  { controlPlaneNodes }: Pick<ClusterMeshSettings, 'controlPlaneNodes'>,
  podLabels: Readonly<Record<string, string>>,
): readonly object[] {
  const selector = { app: AGENT };
  const metadata = { name: AGENT, namespace: AGENT, labels: selector };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: AGENT } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector,
        ports: Object.entries({ http: agentPorts.http, grpc: agentPorts.grpc }).map(([name, port]) => ({
          name,
          port,
          targetPort: port,
          protocol: 'TCP',
        })),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels: { ...selector, ...podLabels } },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            nodeSelector: controlPlaneNodes,
            tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: AGENT,
                image,
                imagePullPolicy: 'IfNotPresent',
                command: ['consul', 'agent'],
                // JSON is HCL, too.
                args: [
                  '-hcl',
                  JSON.stringify(settings),
                  '-config-dir',
                  SERVICES_FOLDER,
                  '-log-level',
                  'warn',
                ],
                ports: Object.entries({ http: agentPorts.http, grpc: agentPorts.grpc }).map(
                  ([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' }),
                ),
                resources: { requests: { cpu: '50m', memory: '128Mi' } },
                // Only an answer that is to be consistent waits until its server leads.
                readinessProbe: {
                  httpGet: {
                    path: '/v1/catalog/nodes?consistent',
                    port: agentPorts.http,
                    scheme: 'HTTP',
                  },
                  periodSeconds: 1,
                  timeoutSeconds: 5,
                  failureThreshold: 60,
                },
                volumeMounts: [
                  { name: 'data', mountPath: DATA_FOLDER },
                  { name: 'services', mountPath: SERVICES_FOLDER },
                ],
              },
            ],
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: 'services', emptyDir: {} },
            ],
          },
        },
      },
    },
  ];
}
