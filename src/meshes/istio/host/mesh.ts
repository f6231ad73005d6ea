import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { environmentError } from '../../../kit/errors.ts';
import { http } from '../../../kit/http.ts';
import type { MeshFile } from '../../../plan/contract.ts';
import type { HostInstance, HostMesh, HostMeshRequest } from '../../contract.ts';
import { serviceHost, spiffeId } from '../names.ts';
import { rejectionsIn } from '../rejections.ts';
import { createCertificateAuthority } from './certificates.ts';
import { accepts, controlPlanePorts, prepareControlPlane } from './control-plane.ts';
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
  const configurationDirectory = join(request.directory, 'config');
  const { namespace } = request.plan.scenario.topology;
  const [controlPlane, authority, template] = await Promise.all([
    prepareControlPlane(request, configurationDirectory),
    createCertificateAuthority('run', dayMs),
    readFile(request.files['envoy-bootstrap'] ?? '', 'utf8'),
  ]);
  const configuration = new ConfigurationDirectory(configurationDirectory);
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
  const discoveryPort = request.port(controlPlanePorts.grpc);
  const discoveryAddress = `${request.address}:${discoveryPort}`;
  const services = new Map<string, string[]>();
  for (const instance of request.instances) {
    if (instance.client) continue;
    const host = serviceHost(instance.service, namespace);
    const port = request.plan.scenario.topology.services[instance.service]?.port ?? 0;
    services.set(host, [...(services.get(host) ?? []), `${instance.address}:${port}`]);
  }
  const rejections = () => readRejections(request);
  const underTest = (files: readonly MeshFile[]) =>
    files.map(({ content }) => inNamespace(content, namespace));
  return {
    controlPlane,
    configurationDirectory,
    // What istiod finds at its start it may push before it has read all of it; what comes later it pushes for certain.
    publish: async () => {
      await configuration.write('under-test', underTest(request.plan.meshFiles));
      await configuration.write(
        'topology',
        topologyResources(request).map((resource) => stringify(resource)),
      );
    },
    controlPlaneReady: () => accepts(request.address, discoveryPort),
    sidecar: (instance) => sidecarProgram(instance, request, discoveryAddress),
    sidecarReady: (instance) => sidecarReady(instance, services, rejections),
    rejections,
    configure: (files) => configuration.write('under-test', underTest(files)),
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

/** The folder that istiod watches. Files come in whole: it reads them the moment they appear. */
class ConfigurationDirectory {
  readonly #directory: string;
  readonly #written = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Replaces the files of a group by these. */
  async write(group: string, contents: readonly string[]): Promise<void> {
    const path = (index: number) => join(this.#directory, `${group}-${index}.yaml`);
    await Promise.all(
      contents.map(async (content, index) => {
        const draft = `${this.#directory}-${group}-${index}.draft`;
        await writeFile(draft, content);
        await rename(draft, path(index));
      }),
    );
    for (let index = contents.length; index < (this.#written.get(group) ?? 0); index++) await rm(path(index));
    this.#written.set(group, contents.length);
  }
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
  if (!instance.client) return {};
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
