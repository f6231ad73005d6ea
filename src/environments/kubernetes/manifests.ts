import { k6Environment } from '../../load/generators.ts';
import type { Mesh } from '../../meshes/contract.ts';
import { type Instance, isClient, portsOf, servedBy, type TopologyPlan } from '../../model/topology.ts';
import { appSettings } from '../app-settings.ts';
import { WORKLOAD_LABEL } from './api.ts';
import { type Cluster, meshSettings } from './cluster.ts';

/** Ports of the sample app in its pod; of a service with several, each has one of its own, the extra ones from `extra` on. */
export const appPorts = { service: 18_080, control: 18_081, extra: 18_082 } as const;

/** The app's ports for each port of its service, in their order. */
export const appPortsOf = ({ extraPorts = [] }: Pick<Instance, 'extraPorts'>) => [
  appPorts.service,
  ...extraPorts.map((_, index) => appPorts.extra + index),
];
/** Of the pod without a sidecar. */
export const OUTSIDE_LABEL = 'breakwater.dev/outside';
export const APP = 'app';
export const GENERATOR = 'k6';
/** Folder of the generator's container that it may write to. */
export const GENERATOR_FOLDER = '/breakwater';

/** Labels of a node in a locality: region/zone[/sub-zone]. */
export function localityLabels(locality: string): Record<string, string> {
  const [region = '', zone = '', subzone] = locality.split('/');
  return {
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': zone,
    ...(subzone === undefined ? {} : { 'topology.istio.io/subzone': subzone }),
  };
}

/** What manifests are made for. */
interface Surroundings {
  readonly mesh: Pick<Mesh, 'cluster' | 'serviceHost'>;
  readonly cluster: Pick<Cluster, 'images' | 'meshImages' | 'observers'>;
  /** Labels of every pod, beside those of its workload. */
  readonly podLabels: Readonly<Record<string, string>>;
}

/** Everything of the topology: identities, services, and a Deployment for each workload. */
export function topologyObjects(topology: TopologyPlan, surroundings: Surroundings): object[] {
  const { mesh } = surroundings;
  const { namespace, instances } = topology;
  const first = new Map<string, Instance>();
  for (const instance of instances) {
    if (!first.has(instance.workload)) first.set(instance.workload, instance);
  }
  const accounts = new Set(instances.map(({ serviceAccount }) => serviceAccount));
  return [
    ...[...accounts].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
    })),
    ...servedBy(topology).map((service) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service.name, namespace },
      spec: {
        selector: { app: service.name },
        ports: portsOf(service).map((port, index) => ({
          name: mesh.cluster.portName(port, service),
          port,
          targetPort: mesh.cluster.calledAt(appPortsOf(service))[index],
          protocol: 'TCP',
        })),
      },
    })),
    ...[...first.values()].map((instance) => deployment(topology, instance, surroundings)),
  ];
}

function deployment(
  topology: TopologyPlan,
  instance: Instance,
  { mesh, cluster, podLabels }: Surroundings,
): object {
  const { namespace, instances } = topology;
  const { images, observers } = cluster;
  const { control } = mesh.cluster;
  const parts =
    control.by === 'telling' ? control.podParts(instance, topology, meshSettings(cluster)) : undefined;
  const { labels, annotations } = mesh.cluster.podMetadata(instance, [appPorts.control]);
  const selector = { [WORKLOAD_LABEL]: instance.workload };
  const replicas = instances.filter(({ workload }) => workload === instance.workload).length;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: instance.workload, namespace },
    spec: {
      replicas,
      selector: { matchLabels: selector },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { labels: { ...labels, ...selector, ...podLabels }, annotations },
        spec: {
          serviceAccountName: instance.serviceAccount,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          nodeSelector: isClient(instance) ? observers : localityLabels(instance.locality),
          ...(isClient(instance) ? { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] } : {}),
          terminationGracePeriodSeconds: 1,
          ...(parts === undefined ? {} : { hostAliases: parts.hostAliases }),
          containers: [
            isClient(instance)
              ? generator(images.k6, replicas)
              : app(instance, images.app, mesh.cluster.appHost, (service) =>
                  mesh.serviceHost(service, namespace),
                ),
            ...(parts?.containers ?? []),
          ],
          ...(isClient(instance) ? { volumes: [{ name: 'files', emptyDir: {} }] } : {}),
        },
      },
    },
  };
}

function app(instance: Instance, image: string, host: string, hostOf: (service: string) => string): object {
  if (instance.app === undefined) throw new Error(`${instance.name} runs no app`);
  const env = {
    HOST: host,
    PORT: String(appPorts.service),
    EXTRA_PORTS: appPortsOf(instance).slice(1).join(','),
    CONTROL_HOST: '0.0.0.0',
    CONTROL_PORT: String(appPorts.control),
    ZONE: instance.locality,
    // By whatever name a service is called, the sidecar takes the call.
    ...appSettings(instance.app, hostOf, (service, port) => `${hostOf(service)}:${port}`),
  };
  return {
    name: APP,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
      { name: 'INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    ports: appPortsOf(instance).map((containerPort, index) => ({
      name: index === 0 ? 'http' : `http-${index + 1}`,
      containerPort,
      protocol: 'TCP',
    })),
    resources: { requests: { cpu: '20m', memory: '64Mi' } },
    // The control port answers while a fault is on: what a fault shows is the mesh's to notice, not the kubelet's.
    readinessProbe: {
      httpGet: { path: '/healthz', port: appPorts.control, scheme: 'HTTP' },
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 60,
    },
  };
}

/**
 * A place for k6 without a sidecar. `addresses`: those that the cluster has given the services; what names them for
 * sidecars alone is no name of the cluster's.
 */
export function outsideObject(
  { namespace }: Pick<TopologyPlan, 'namespace'>,
  { mesh, cluster: { images, observers }, podLabels }: Surroundings,
  addresses: ReadonlyMap<string, string>,
): object {
  const { control } = mesh.cluster;
  const labels = control.by === 'resources' ? control.outsideLabels : podLabels;
  const named = [...addresses].map(([service, ip]) => ({
    ip,
    hostnames: [mesh.serviceHost(service, namespace)],
  }));
  const selector = { [OUTSIDE_LABEL]: 'true' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'breakwater-outside', namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...selector, ...labels } },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          nodeSelector: observers,
          tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
          terminationGracePeriodSeconds: 1,
          ...(control.by === 'telling' ? { hostAliases: named } : {}),
          containers: [generator(images.k6, 4)],
          volumes: [{ name: 'files', emptyDir: {} }],
        },
      },
    },
  };
}

/** A place for k6 that does nothing until it is told to. */
function generator(image: string, pods: number): object {
  return {
    name: GENERATOR,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'],
    workingDir: GENERATOR_FOLDER,
    env: Object.entries({ HOME: GENERATOR_FOLDER, ...k6Environment }).map(([name, value]) => ({
      name,
      value,
    })),
    // A share of the CPU like that of the API server beside it: a late generator makes a run invalid.
    resources: { requests: { cpu: `${Math.ceil(300 / pods)}m`, memory: '64Mi' } },
    volumeMounts: [{ name: 'files', mountPath: GENERATOR_FOLDER }],
  };
}
