import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type NotYet, notYet } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { accessLogFormat } from '../../envoy/access-log-format.ts';
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

/** Writes istiod's mesh configuration; returns how to start it. It watches the folder, which has to be there by then. */
export async function prepareControlPlane(
  request: HostMeshRequest,
  configDirectory: string,
): Promise<ProgramSpec> {
  const meshConfig = join(request.directory, 'mesh-config.yaml');
  const networks = join(request.directory, 'mesh-networks.yaml');
  await writeFile(networks, stringify({ networks: networksOf(request.instances) }));
  await writeFile(
    meshConfig,
    stringify({
      trustDomain: TRUST_DOMAIN,
      rootNamespace: ROOT_NAMESPACE,
      accessLogFile: request.accessLog,
      accessLogEncoding: 'TEXT',
      accessLogFormat: `${accessLogFormat}\n`,
      enableTracing: false,
      defaultConfig: { discoveryAddress: discoveryAddress(request) },
    }),
  );
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
      POD_NAMESPACE: ROOT_NAMESPACE,
      POD_NAME: 'istiod',
      ENABLE_CA_SERVER: 'false',
      // Filters that only Istio's own build of Envoy has.
      PILOT_ENABLE_METADATA_EXCHANGE: 'false',
      PILOT_ENABLE_ALPN_FILTER: 'false',
      PILOT_DEBOUNCE_AFTER: '50ms',
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

/** How many services are in what istiod tells its sidecars: counted at its last push. */
export async function knownServices({ host, port }: Endpoint): Promise<number | NotYet> {
  try {
    const { body } = await http(`http://${host}:${port}/metrics`, { timeoutMs: 2_000 });
    return Number(/^pilot_services (\S+)$/m.exec(body)?.[1] ?? 0);
  } catch (error) {
    return notYet(error instanceof Error ? error.message : String(error));
  }
}
