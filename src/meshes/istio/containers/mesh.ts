import { stringify } from 'yaml';
import { notYet } from '../../../kit/eventually.ts';
import { isServer } from '../../../model/topology.ts';
import type {
  ContainerFile,
  ContainerInstance,
  ContainerMesh,
  ContainerMeshRequest,
  ContainerProgram,
  MeshInContainers,
} from '../../contract.ts';
import { agentArguments, agentEnvironment, agentSettings, bootstrapTemplate } from '../agent.ts';
import { createCertificateAuthority } from '../host/certificates.ts';
import { controlPlanePorts, istiodEnvironment, meshConfigOf, servicesIn } from '../host/control-plane.ts';
import { serviceResources } from '../host/resources.ts';
import { sidecarPorts } from '../host/sidecar.ts';
import { networkSeenFrom, spiffeId, UNSEEN_NETWORK } from '../names.ts';
import { plaintextPolicy } from '../plaintext.ts';
import { configurationText } from '../under-test.ts';

/** Whose connections the capture leaves alone: the sidecar's own. The number that Istio's images have for it. */
const USER = 1337;
/** Where a sidecar takes what leaves, and what comes in: https://istio.io/latest/docs/ops/deployment/application-requirements/ */
const taken = { outbound: 15_001, inbound: 15_006 } as const;
/** The agent's own listener, which is there in a container of its own. */
const agentStatusPort = 15_020;
const home = '/breakwater';
const credentials = `${home}/var/run/secrets/workload-spiffe-credentials`;
const template = `${home}/bootstrap.tmpl.json`;
const watched = `${home}/istiod`;
const meshConfig = `${home}/mesh-config.yaml`;
const controlPlane = 'istiod';
const accessLog = `${home}/access.log`;

/** This version of Istio in containers: every replica behind real capture, without a cluster. */
export const containersOf = (version: string): ContainerMesh => ({
  programs: {
    '/usr/local/bin/pilot-discovery': 'istiod',
    '/usr/local/bin/pilot-agent': 'pilot-agent',
    '/usr/local/bin/envoy': 'envoy',
  },
  dataFiles: { '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json': 'envoy-bootstrap' },
  template: '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json',
  controlPlane: { name: controlPlane, asked: { port: controlPlanePorts.monitoring, path: '/metrics' } },
  adminPort: sidecarPorts.admin,
  accessLog,
  capture: ({ inbound, outbound }) => [
    ...['/usr/local/bin/pilot-agent', 'istio-iptables'],
    ...['-p', String(taken.outbound), '-z', String(taken.inbound), '-u', String(USER), '-m', 'REDIRECT'],
    ...['-i', '*', '-x', '', '-b', '*'],
    ...['-d', [sidecarPorts.prometheus, sidecarPorts.status, agentStatusPort, ...inbound].join(',')],
    ...(outbound.length === 0 ? [] : ['-o', outbound.join(',')]),
    '--log_output_level=default:warn',
  ],
  prepare: (request) => prepareInContainers(request, version),
});

async function prepareInContainers(
  request: ContainerMeshRequest,
  version: string,
): Promise<MeshInContainers> {
  const { topology, instances } = request;
  const authority = await createCertificateAuthority('run 1');
  const issued = new Map<string, { readonly chain: string; readonly key: string }>();
  for (const { name, serviceAccount } of instances) {
    issued.set(name, await authority.issue(spiffeId(topology.namespace, serviceAccount)));
  }
  const services = new Set(instances.filter(isServer).map(({ service }) => service));
  const knownWithout = (withdrawn: ReadonlySet<string>): ContainerFile => {
    // To itself it stays known, since no Sidecar resource says what its sidecar takes: it would have no place for what
    // comes when it starts again.
    const reached = instances.map((instance) =>
      withdrawn.has(instance.name) ? { ...instance, network: UNSEEN_NETWORK } : instance,
    );
    const resources = [...serviceResources(topology, reached), ...plaintextPolicy(topology)];
    return {
      path: `${watched}/topology.yaml`,
      content: resources.map((resource) => stringify(resource)).join('---\n'),
    };
  };
  let known = knownWithout(new Set());
  const underTest = (content: string): ContainerFile => ({ path: `${watched}/under-test.yaml`, content });
  const first = { name: request.revision, hostsSince: request.revision };
  let tested = underTest(configurationText({ resources: [] }, first));
  return {
    controlPlane: controlPlaneProgram(),
    configuration: () => [known, tested],
    knows: (answer) => {
      const count = servicesIn(answer);
      return count < services.size ? notYet(`it knows ${count} of ${services.size} services yet`) : undefined;
    },
    sidecar: (instance) =>
      sidecarProgram(instance, request, version, { ...issued.get(instance.name), root: authority.root }),
    configure: (configuration, revision) => {
      tested = underTest(configurationText(configuration, revision));
      return tested;
    },
    withdraw: (names) => {
      known = knownWithout(names);
      return known;
    },
  };
}

/** istiod over an empty folder: what it is to know comes when it runs, or it might never hear of it. */
function controlPlaneProgram(): ContainerProgram {
  const everywhere = (port: number) => `0.0.0.0:${port}`;
  return {
    command: [
      ...['/usr/local/bin/pilot-discovery', 'discovery', '--configDir', watched, '--registries='],
      ...['--meshConfig', meshConfig, '--httpsAddr', '', '--secureGRPCAddr', ''],
      ...['--grpcAddr', everywhere(controlPlanePorts.discovery)],
      ...['--httpAddr', everywhere(controlPlanePorts.http)],
      ...['--monitoringAddr', everywhere(controlPlanePorts.monitoring)],
      ...['--ctrlz_port', '0', '--log_output_level=default:warn,delta:info,ads:info'],
    ],
    env: { ...istiodEnvironment, HOME: home },
    user: USER,
    directory: home,
    files: [
      { path: meshConfig, content: meshConfigOf({ accessLog, discovery }) },
      // So that there is a folder to watch.
      { path: `${watched}/README`, content: 'What istiod reads: topology.yaml, and under-test.yaml.\n' },
    ],
  };
}

const discovery = `${controlPlane}:${controlPlanePorts.discovery}`;

interface Credentials {
  readonly chain?: string;
  readonly key?: string;
  readonly root: string;
}

/** pilot-agent with its Envoy, in the network of its replica. */
function sidecarProgram(
  instance: ContainerInstance,
  request: ContainerMeshRequest,
  version: string,
  { chain = '', key = '', root }: Credentials,
): ContainerProgram {
  const { namespace } = request.topology;
  const secret = (name: string, content: string) => ({
    path: `${credentials}/${name}`,
    content,
    mode: 0o600,
  });
  return {
    command: ['/usr/local/bin/pilot-agent', ...agentArguments(instance, namespace, template)],
    env: {
      ...agentEnvironment(instance, namespace, version),
      PROXY_CONFIG: JSON.stringify({
        ...agentSettings(instance, request.topology),
        discoveryAddress: discovery,
        proxyAdminPort: sidecarPorts.admin,
      }),
      ISTIO_META_INTERCEPTION_MODE: 'REDIRECT',
      ISTIO_META_REQUESTED_NETWORK_VIEW: networkSeenFrom(instance.locality),
      ENVOY_STATUS_PORT: String(sidecarPorts.status),
      ENVOY_PROMETHEUS_PORT: String(sidecarPorts.prometheus),
    },
    user: USER,
    directory: home,
    files: [
      secret('key.pem', key),
      secret('cert-chain.pem', chain),
      secret('root-cert.pem', root),
      // It is asked from outside its network, through a port that is published on loopback alone.
      { path: template, content: bootstrapTemplate(request.template, '0.0.0.0') },
    ],
  };
}
