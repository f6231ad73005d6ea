import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { TRUST_DOMAIN } from '../names.ts';

export const controlPlanePorts = { grpc: 15_010, http: 15_080, monitoring: 15_014 } as const;

/** Writes istiod's mesh configuration; returns how to start it. */
export async function prepareControlPlane(
  request: HostMeshRequest,
  configDirectory: string,
): Promise<ProgramSpec> {
  await mkdir(configDirectory, { recursive: true });
  const meshConfig = join(request.directory, 'mesh-config.yaml');
  await writeFile(
    meshConfig,
    stringify({
      trustDomain: TRUST_DOMAIN,
      rootNamespace: 'istio-system',
      accessLogFile: 'access.log',
      accessLogEncoding: 'TEXT',
      accessLogFormat: `${request.accessLogFormat}\n`,
      enableTracing: false,
      defaultConfig: { discoveryAddress: `${request.address}:${request.port(controlPlanePorts.grpc)}` },
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
      POD_NAMESPACE: 'istio-system',
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

/** Whether something accepts connections there; a string tells why not. */
export function accepts(host: string, port: number): Promise<object | string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(1_000);
    socket.once('connect', () => {
      socket.destroy();
      resolve({});
    });
    const no = (why: string) => {
      socket.destroy();
      resolve(why);
    };
    socket.once('timeout', () => no(`${host}:${port} does not answer`));
    socket.once('error', (error) => no(`${host}:${port}: ${error.message}`));
  });
}
