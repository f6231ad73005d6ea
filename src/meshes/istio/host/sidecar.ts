import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import { isGateway } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { instanceLabels } from '../labels.ts';
import { TRUST_DOMAIN } from '../names.ts';
import { proxySettings } from '../proxy-settings.ts';
import { discoveryAddress } from './control-plane.ts';
import { namespaceOf } from './outside.ts';

/** Usual ports on the instance's own address, so that labs and sidecars never meet. */
export const sidecarPorts = { admin: 15_000, status: 15_021, prometheus: 15_090 } as const;

/** Writes what a sidecar needs beside its certificates: the bootstrap template. */
export async function prepareSidecar(instance: HostInstance, template: string): Promise<void> {
  // Istio's template binds its admin and metrics listeners to all addresses; here they stay on the instance's own.
  const own = asksAgainSoon(withoutAdminLog(template)).replaceAll(
    /\{\{ \.(additional_)?(wildcard|localhost) \}\}/g,
    instance.address,
  );
  await writeFile(join(instance.directory, 'bootstrap.tmpl.json'), own);
  // The agent's own status server would listen on every address. Its port may not be 0 in the proxy
  // configuration, but the pod's annotation, which is applied after that check, turns it off.
  const pod = join(instance.directory, 'etc/istio/pod');
  await mkdir(pod, { recursive: true });
  await writeFile(join(pod, 'annotations'), 'status.sidecar.istio.io/port="0"\n');
}

/**
 * Who asks a sidecar whether its log is written would otherwise be logged himself, to /dev/null, and it never
 * would be.
 */
function withoutAdminLog(template: string): string {
  const own = template.replace(/("admin": \{)\s*"access_log": \[[^\]]*\],/, '$1');
  if (own === template)
    throw new Error('the bootstrap template has no log of its admin interface to leave out');
  return own;
}

/**
 * A sidecar that has lost the control plane asks again, and waits up to twice as long each time, half a minute in the
 * end: longer than most loads. Here it never waits for more than two seconds.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto
 */
function asksAgainSoon(template: string): string {
  const own = template.replace(
    /("envoy_grpc": \{\s*"cluster_name": "xds-grpc")/,
    '$1, "retry_policy": { "retry_back_off": { "base_interval": "0.5s", "max_interval": "2s" } }',
  );
  if (own === template) throw new Error('the bootstrap template asks no control plane');
  return own;
}

/** Where a sidecar's own words go, its Envoy's among them. */
export function sidecarLog(instance: string, logs: string): string {
  return join(logs, `${instance}.sidecar.log`);
}

/** pilot-agent with its Envoy, for one replica or gateway. */
export function sidecarProgram(
  instance: HostInstance,
  request: HostMeshRequest,
  version: string,
): ProgramSpec {
  const namespace = namespaceOf(instance, request.topology);
  const proxyConfig = {
    discoveryAddress: discoveryAddress(request),
    controlPlaneAuthPolicy: 'NONE',
    binaryPath: request.programs['envoy'],
    // Relative: a Unix socket below it may have 108 characters, and what makes the bootstrap quotes nothing.
    configPath: 'envoy',
    serviceCluster: instance.service,
    proxyAdminPort: request.port(sidecarPorts.admin),
    terminationDrainDuration: '0s',
    ...proxySettings,
    // A trial waits at its end until all of it is written.
    fileFlushInterval: '0.1s',
  };
  return {
    name: `${instance.name}/sidecar`,
    command: request.programs['pilot-agent'] ?? '',
    args: [
      'proxy',
      isGateway(instance) ? 'router' : 'sidecar',
      '--domain',
      `${namespace}.svc.${TRUST_DOMAIN}`,
      '--serviceCluster',
      instance.service,
      '--templateFile',
      join(instance.directory, 'bootstrap.tmpl.json'),
      '--proxyLogLevel=warning',
      '--log_output_level=default:warn',
    ],
    env: {
      PATH: process.env['PATH'] ?? '',
      INSTANCE_IP: instance.address,
      POD_NAME: instance.name,
      POD_NAMESPACE: namespace,
      SERVICE_ACCOUNT: instance.serviceAccount,
      TRUST_DOMAIN,
      PROXY_CONFIG: JSON.stringify(proxyConfig),
      ISTIO_META_CLUSTER_ID: 'Kubernetes',
      ISTIO_META_INTERCEPTION_MODE: 'NONE',
      ISTIO_META_SERVICE_ACCOUNT: instance.serviceAccount,
      ISTIO_META_ISTIO_VERSION: version,
      ISTIO_META_NETWORK: instance.network ?? '',
      // It leads into its own network, and is no way into others.
      ...(instance.gateway === 'east-west' && instance.network !== undefined
        ? { ISTIO_META_REQUESTED_NETWORK_VIEW: instance.network }
        : {}),
      ISTIO_META_WORKLOAD_NAME: instance.workload,
      ISTIO_METAJSON_LABELS: JSON.stringify(instanceLabels(instance)),
      ENVOY_STATUS_PORT: String(request.port(sidecarPorts.status)),
      ENVOY_PROMETHEUS_PORT: String(request.port(sidecarPorts.prometheus)),
      EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'false',
      GOMAXPROCS: '1',
    },
    cwd: instance.directory,
    log: sidecarLog(instance.name, request.logs),
  };
}
