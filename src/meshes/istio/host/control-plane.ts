import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type NotYet, notYetSince } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { accessLogFormat } from '../../envoy/access-log-format.ts';
import { COLLECTOR } from '../../envoy/collector.ts';
import type { Endpoint } from '../../envoy/discovery-gate.ts';
import { ROOT_NAMESPACE, TRUST_DOMAIN } from '../names.ts';

/** `discovery`: where sidecars look for it, through the gate; the others are istiod's own. */
export const controlPlanePorts = {
  discovery: 15_010,
  grpc: 15_011,
  http: 15_080,
  monitoring: 15_014,
} as const;

/** "address:port" where sidecars look for the control plane. */
export function discoveryAddress(request: HostMeshRequest): string {
  return `${request.address}:${request.port(controlPlanePorts.discovery)}`;
}

/** istiod's mesh configuration, as YAML; sidecars write their log of requests to `accessLog`. */
export const meshConfigOf = ({
  accessLog,
  discovery,
  extensionProviders = [],
  ...tracing
}: {
  readonly accessLog: string;
  readonly discovery: string;
  readonly enableTracing?: boolean;
  readonly extensionProviders?: readonly object[];
}) =>
  stringify({
    trustDomain: TRUST_DOMAIN,
    rootNamespace: ROOT_NAMESPACE,
    accessLogFile: accessLog,
    accessLogEncoding: 'TEXT',
    accessLogFormat: `${accessLogFormat}\n`,
    enableTracing: false,
    ...tracing,
    extensionProviders: [...builtInProviders, ...extensionProviders],
    defaultConfig: { discoveryAddress: discovery },
  });

/**
 * What stands for providers that Istio always has, and that a Telemetry may name: a kind that makes nothing in a
 * sidecar. Metrics for Prometheus would be a filter that only Istio's own build of Envoy has, without which a sidecar
 * takes nothing else either. And istiod falls back to the log of the mesh configuration where providers make none: a
 * Telemetry that logs elsewhere, or only some requests, or none, leaves the lab the log that it reads.
 */
const builtInProviders = ['prometheus', 'envoy'].map((name) => ({ name, stackdriver: {} }));

/** What an istiod without a cluster has in its environment, wherever it runs. */
export const istiodEnvironment = {
  POD_NAMESPACE: ROOT_NAMESPACE,
  POD_NAME: 'istiod',
  ENABLE_CA_SERVER: 'false',
  // Filters that only Istio's own build of Envoy has.
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_DEBOUNCE_AFTER: '50ms',
} as const;

/** Writes istiod's mesh configuration; returns how to start it. It watches the folder, which has to be there by then. */
export async function prepareControlPlane(
  request: HostMeshRequest,
  configDirectory: string,
): Promise<ProgramSpec> {
  const meshConfig = join(request.directory, 'mesh-config.yaml');
  const networks = join(request.directory, 'mesh-networks.yaml');
  await writeFile(networks, stringify({ networks: networksOf(request.instances) }));
  const settings = {
    ...tracing(request),
    accessLog: request.accessLog,
    discovery: discoveryAddress(request),
  };
  await writeFile(meshConfig, meshConfigOf(settings));
  return {
    name: 'istiod',
    command: request.programs['istiod'] ?? '',
    args: [
      'discovery',
      '--configDir',
      configDirectory,
      '--registries=',
      '--meshConfig',
      meshConfig,
      '--networksConfig',
      networks,
      '--grpcAddr',
      `${request.address}:${request.port(controlPlanePorts.grpc)}`,
      '--httpAddr',
      `${request.address}:${request.port(controlPlanePorts.http)}`,
      '--httpsAddr',
      '',
      '--secureGRPCAddr',
      '',
      '--monitoringAddr',
      `${request.address}:${request.port(controlPlanePorts.monitoring)}`,
      '--ctrlz_address',
      request.address,
      '--ctrlz_port',
      '0',
      '--log_output_level=default:warn,delta:info,ads:info',
    ],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: request.directory,
      ...istiodEnvironment,
    },
    cwd: request.directory,
    log: join(request.logs, 'istiod.log'),
  };
}

/** Which gateways lead into each network; who is in it, every workload says itself. */
function networksOf(instances: HostMeshRequest['instances']): Readonly<Record<string, object>> {
  const gateways = instances.filter(({ gateway }) => gateway === 'east-west');
  return Object.fromEntries(
    [...Map.groupBy(gateways, ({ network = '' }) => network)].map(([network, those]) => [
      network,
      { endpoints: [], gateways: those.map(({ address, port }) => ({ address, port })) },
    ]),
  );
}

/** That a provider of spans is there; which requests are traced, and that it is used at all, a Telemetry says. */
function tracing({ topology: { tracing: plan }, port: portFor }: HostMeshRequest): {
  readonly enableTracing?: boolean;
  readonly extensionProviders?: readonly object[];
} {
  if (plan === undefined) return {};
  const { host: service } = COLLECTOR;
  const port = portFor(COLLECTOR.port);
  const settings = {
    zipkin: { zipkin: { service, port, path: '/api/v2/spans' } },
    'otlp-http': { opentelemetry: { service, port, http: { path: '/v1/traces', timeout: '5s' } } },
    'otlp-grpc': { opentelemetry: { service, port } },
  };
  return {
    enableTracing: true,
    extensionProviders: [{ name: plan.provider, ...settings[plan.protocol] }],
  };
}

/** How many services are in what istiod tells its sidecars: counted at its last push. */
export async function knownServices({ host, port }: Endpoint): Promise<number | NotYet> {
  try {
    const { body } = await http(`http://${host}:${port}/metrics`, { timeoutMs: 2_000 });
    return servicesIn(body);
  } catch (error) {
    return notYetSince(error);
  }
}

export const servicesIn = (metrics: string) => Number(/^pilot_services (\S+)$/m.exec(metrics)?.[1] ?? 0);
