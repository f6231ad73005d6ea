import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { environmentError } from '../../../kit/errors.ts';
import { http } from '../../../kit/http.ts';
import { isClient, isServer } from '../../../model/topology.ts';
import type { HostInstance, HostMesh, HostMeshRequest } from '../../contract.ts';
import { serviceHost, spiffeId } from '../names.ts';
import { rejectionsIn } from '../rejections.ts';
import { createCertificateAuthority } from './certificates.ts';
import { ConfigurationDirectory } from './configuration-directory.ts';
import { accepts, controlPlanePorts, knownServices, prepareControlPlane } from './control-plane.ts';
import { DiscoveryGate } from './discovery-gate.ts';
import { topologyResources } from './resources.ts';
import { prepareSidecar, sidecarLog, sidecarPorts, sidecarProgram } from './sidecar.ts';

const { admin, ...otherSidecarPorts } = sidecarPorts;
export const hostPorts = {
  admin,
  others: [...Object.values(otherSidecarPorts), ...Object.values(controlPlanePorts)],
} as const;

const dayMs = 24 * 3_600_000;
/** What the sidecars ask about themselves until they are ready. */
const readinessStats =
  '/stats?filter=' +
  encodeURIComponent(
    String.raw`^(listener_manager\.(lds\.update_(success|rejected)|total_listeners_(active|warming)|listener_create_failure)|cluster_manager\.cds\.update_(success|rejected)|server\.state)$`,
  );

/** Istio as plain processes on loopback: its virtual machine mode, with a certificate authority of the run's own. */
export async function prepareOnHost(request: HostMeshRequest): Promise<HostMesh> {
  const { namespace } = request.topology;
  const configuration = new ConfigurationDirectory(request.directory);
  const [controlPlane, authority, template] = await Promise.all([
    prepareControlPlane(request, configuration.watched),
    createCertificateAuthority('run', dayMs),
    readFile(request.files['envoy-bootstrap'] ?? '', 'utf8'),
    configuration.write({
      'under-test': request.configuration.files.map(({ content }) => inNamespace(content, namespace)),
      topology: topologyResources(request).map((resource) => stringify(resource)),
    }),
  ]);
  await Promise.all(
    request.instances.map(async (instance) => {
      await prepareSidecar(instance, template);
      await authority.issue(
        spiffeId(namespace, instance.serviceAccount),
        join(instance.directory, 'var/run/secrets/workload-spiffe-credentials'),
        dayMs,
      );
    }),
  );
  const at = (usual: number) => ({ host: request.address, port: request.port(usual) });
  const gate = new DiscoveryGate(at(controlPlanePorts.discovery), at(controlPlanePorts.grpc));
  const services = new Map<string, string[]>();
  for (const instance of request.instances) {
    if (!isServer(instance)) continue;
    const host = serviceHost(instance.service, namespace);
    services.set(host, [...(services.get(host) ?? []), `${instance.address}:${instance.port}`]);
  }
  const rejections = () => readRejections(request);
  return {
    controlPlane,
    configurationDirectory: configuration.published,
    holdControlPlane: async () => {
      await configuration.withhold();
      await gate.hold();
    },
    controlPlaneReady: async () => {
      const accepted = await accepts(at(controlPlanePorts.grpc));
      if (typeof accepted === 'string') return accepted;
      await configuration.publish();
      const known = await knownServices(at(controlPlanePorts.monitoring));
      if (typeof known === 'string') return known;
      if (known < services.size) {
        return `it knows ${known} of ${services.size} services yet; the last lines of istiod.log say whether it can read ${configuration.published}`;
      }
      gate.open();
      return {};
    },
    closeControlPlane: () => gate.close(),
    sidecar: (instance) => sidecarProgram(instance, request),
    sidecarReady: (instance) => sidecarReady(instance, services, rejections),
    rejections,
  };
}

/** What `kubectl apply -n NAMESPACE` does to resources that name none; everything else stays as it is. */
function inNamespace(content: string, namespace: string): string {
  return parseAllDocuments(content)
    .filter((document) => document.contents !== null)
    .map((document) => {
      if (!document.hasIn(['metadata', 'namespace'])) document.setIn(['metadata', 'namespace'], namespace);
      return document.toString();
    })
    .join('---\n');
}

async function sidecarReady(
  instance: HostInstance,
  services: ReadonlyMap<string, readonly string[]>,
  rejections: () => Promise<readonly { instance: string; reason: string }[]>,
): Promise<object | string> {
  let stats: Map<string, string>;
  try {
    stats = parseStats((await http(`http://${instance.admin}${readinessStats}`, { timeoutMs: 2_000 })).body);
  } catch (error) {
    return `its Envoy does not answer yet (${error instanceof Error ? error.message : error})`;
  }
  const rejected =
    Number(stats.get('listener_manager.lds.update_rejected') ?? 0) +
    Number(stats.get('cluster_manager.cds.update_rejected') ?? 0);
  if (rejected > 0) {
    // Envoy counts it a moment before it is in the log.
    const reasons = (await rejections()).filter((rejection) => rejection.instance === instance.name);
    if (reasons.length === 0) return 'it rejected its configuration; waiting for the reason';
    throw environmentError(
      `the sidecar of ${instance.name} rejected its configuration: ${reasons.map(({ reason }) => reason).join('; ')}`,
      "the words are Envoy's own; look for what they name in the mesh configuration under test",
    );
  }
  if (!(Number(stats.get('listener_manager.lds.update_success') ?? 0) > 0)) return 'it has no listeners yet';
  if (!(Number(stats.get('cluster_manager.cds.update_success') ?? 0) > 0)) return 'it has no clusters yet';
  if (stats.get('server.state') !== '0') return 'its Envoy is still initialising';
  if (Number(stats.get('listener_manager.total_listeners_warming') ?? 0) > 0)
    return 'its listeners are warming';
  if (!isClient(instance)) return {};
  const clusters = (await http(`http://${instance.admin}/clusters`, { timeoutMs: 2_000 })).body;
  for (const [host, addresses] of services) {
    const missing = addresses.filter(
      (address) =>
        !clusters.split('\n').some((line) => line.includes(`|${host}::${address}::health_flags::healthy`)),
    );
    if (missing.length > 0) return `it does not see ${missing.join(', ')} of ${host} yet`;
  }
  return {};
}

/** "name: value" lines of Envoy's /stats → map. */
export function parseStats(text: string): Map<string, string> {
  const stats = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(': ');
    if (colon > 0) stats.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return stats;
}

async function readRejections(request: HostMeshRequest): Promise<{ instance: string; reason: string }[]> {
  const found = await Promise.all(
    request.instances.map(async ({ name }) => {
      const log = await readFile(sidecarLog(name, request.logs), 'utf8').catch(() => '');
      return [...new Set(rejectionsIn(log))].map((reason) => ({ instance: name, reason }));
    }),
  );
  return found.flat();
}
