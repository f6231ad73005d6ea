import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { agentArguments, agentEnvironment, agentSettings, bootstrapTemplate } from '../agent.ts';
import { networkSeenFrom } from '../names.ts';
import { statisticsWithSpans } from '../proxy-settings.ts';
import { discoveryAddress } from './control-plane.ts';
import { namespaceOf } from './outside.ts';

/** Usual ports on the instance's own address, so that labs and sidecars never meet. */
export const sidecarPorts = { admin: 15_000, status: 15_021, prometheus: 15_090 } as const;

/** Writes what a sidecar needs beside its certificates: the bootstrap template. */
export async function prepareSidecar(
  instance: HostInstance,
  template: string,
  traced: boolean,
): Promise<void> {
  // Istio's template binds its admin and metrics listeners to all addresses; here they stay on the instance's own.
  const changed = bootstrapTemplate(template, instance.address);
  const own = traced ? reportsSpansSoon(changed) : changed;
  await writeFile(join(instance.directory, 'bootstrap.tmpl.json'), own);
  // The agent's own status server would listen on every address. Its port may not be 0 in the proxy
  // configuration, but the pod's annotation, which is applied after that check, turns it off.
  const pod = join(instance.directory, 'etc/istio/pod');
  await mkdir(pod, { recursive: true });
  // Envoy sums up its histograms when it flushes statistics, and whoever reads them soon after a load wants all of it.
  const annotations = ['status.sidecar.istio.io/port="0"', 'sidecar.istio.io/statsFlushInterval="1s"'];
  await writeFile(join(pod, 'annotations'), `${annotations.join('\n')}\n`);
}

/**
 * Spans wait for others, for up to five seconds: a trial waits at its end until all are reported. Together with more of
 * them they cost less.
 */
function reportsSpansSoon(template: string): string {
  const tracers = ['zipkin', 'opentelemetry'].flatMap((tracer) => [
    [`tracing.${tracer}.flush_interval_ms`, 200],
    [`tracing.${tracer}.min_flush_spans`, 50],
  ]);
  const layer = JSON.stringify({ name: 'spans', static_layer: Object.fromEntries(tracers) });
  const own = template.replace(/(\{\s*"name": "admin",\s*"admin_layer")/, `${layer},\n$1`);
  if (own === template) throw new Error('the bootstrap template has no layers of runtime settings');
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
    ...agentSettings(instance, request.topology),
    discoveryAddress: discoveryAddress(request),
    binaryPath: request.programs['envoy'],
    proxyAdminPort: request.port(sidecarPorts.admin),
    ...(request.topology.tracing === undefined ? {} : { proxyStatsMatcher: statisticsWithSpans }),
  };
  return {
    name: `${instance.name}/sidecar`,
    command: request.programs['pilot-agent'] ?? '',
    args: agentArguments(instance, namespace, join(instance.directory, 'bootstrap.tmpl.json')),
    env: {
      PATH: process.env['PATH'] ?? '',
      ...agentEnvironment(instance, namespace, version),
      PROXY_CONFIG: JSON.stringify(proxyConfig),
      ISTIO_META_INTERCEPTION_MODE: 'NONE',
      ISTIO_META_NETWORK: instance.network ?? '',
      ...(request.instances.some(({ relays }) => relays.length > 0)
        ? { ISTIO_META_REQUESTED_NETWORK_VIEW: networkSeenFrom(instance.locality) }
        : {}),
      // It leads into its own network, and is no way into others.
      ...(instance.gateway === 'east-west' && instance.network !== undefined
        ? { ISTIO_META_REQUESTED_NETWORK_VIEW: instance.network }
        : {}),
      ENVOY_STATUS_PORT: String(request.port(sidecarPorts.status)),
      ENVOY_PROMETHEUS_PORT: String(request.port(sidecarPorts.prometheus)),
    },
    cwd: instance.directory,
    log: sidecarLog(instance.name, request.logs),
  };
}
