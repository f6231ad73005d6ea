import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { environmentError } from '../../../kit/errors.ts';
import { NotYet, notYet } from '../../../kit/eventually.ts';
import { isServer } from '../../../model/topology.ts';
import type { HostMesh, HostMeshRequest } from '../../contract.ts';
import { COLLECTOR } from '../../envoy/collector.ts';
import { accepts, DiscoveryGate } from '../../envoy/discovery-gate.ts';
import { configurationText } from '../under-test.ts';
import { Authority } from './authority.ts';
import { ConfigurationDirectory } from './configuration-directory.ts';
import { controlPlanePorts, knownServices, prepareControlPlane } from './control-plane.ts';
import { gatewayPort } from './gateways.ts';
import { provideHostCertificates, withHostCertificates } from './host-certificates.ts';
import { refusePassthrough } from './original-destination.ts';
import { topologyResources } from './resources.ts';
import { prepareSidecar, sidecarLog, sidecarPorts, sidecarProgram } from './sidecar.ts';

const { admin, ...otherSidecarPorts } = sidecarPorts;
export const hostPorts = {
  admin,
  collector: COLLECTOR.port,
  others: [...Object.values(otherSidecarPorts), gatewayPort, ...Object.values(controlPlanePorts)],
} as const;

/** All of the configuration under test in one file: istiod sees it change at once, or not at all. */
const underTest = 'under-test.yaml';
const known = 'topology.yaml';

const knownOf = (request: HostMeshRequest, withdrawn?: ReadonlySet<string>): string =>
  topologyResources(request, withdrawn)
    .map((resource) => stringify(resource))
    .join('---\n');

/** Istio as plain processes on loopback: its virtual machine mode, with a certificate authority of the run's own. */
export async function prepareOnHost(request: HostMeshRequest, version: string): Promise<HostMesh> {
  const configuration = new ConfigurationDirectory(request.directory);
  const [controlPlane, authority, template] = await Promise.all([
    prepareControlPlane(request, configuration.watched),
    Authority.create(request.topology.namespace),
    readFile(request.files['envoy-bootstrap'] ?? '', 'utf8'),
    configuration.write({
      [underTest]: configurationText(
        { resources: [] },
        { name: request.revision, hostsSince: request.revision },
      ),
      [known]: knownOf(request),
    }),
  ]);
  await Promise.all([
    ...request.instances.map(async (instance) => {
      await prepareSidecar(instance, template, request.topology.tracing !== undefined);
      await authority.provide(instance);
    }),
    provideHostCertificates(request),
  ]);
  const at = (usual: number) => ({ host: request.address, port: request.port(usual) });
  const gate = new DiscoveryGate(at(controlPlanePorts.discovery), at(controlPlanePorts.grpc));
  const services = new Set(request.instances.filter(isServer).map(({ service }) => service));
  return {
    controlPlanes: [controlPlane],
    authority,
    configurationHint: [
      `Change the mesh configuration: edit ${join(configuration.published, underTest)}`,
      '(the control plane watches its folder; of two rules for one host, the one that came first holds),',
      `or drop YAML beside it with metadata.namespace ${request.topology.namespace}:`,
      `  ${configuration.published}`,
    ],
    gatewayPort: request.port(gatewayPort),
    holdControlPlane: async () => {
      await configuration.withhold();
      await gate.hold();
    },
    controlPlaneReady: async () => {
      const accepted = await accepts(at(controlPlanePorts.grpc));
      if (accepted instanceof NotYet) return accepted;
      await configuration.publish();
      const known = await knownServices(at(controlPlanePorts.monitoring));
      if (known instanceof NotYet) return known;
      if (known < services.size + (request.topology.tracing === undefined ? 0 : 1)) {
        refuseBlind(await readFile(controlPlane.log, 'utf8').catch(() => ''));
        await configuration.nudge();
        return notYet(
          `it knows ${known} of ${services.size} services yet; the last lines of istiod.log say whether it can read ${configuration.published}`,
        );
      }
      gate.open();
      return undefined;
    },
    closeControlPlane: () => gate.close(),
    configure: async (changed, revision) => {
      refusePassthrough(changed.resources);
      await configuration.replace(underTest, configurationText(changed, revision, withHostCertificates));
    },
    withdraw: (names) => configuration.replace(known, knownOf(request, names)),
    sidecar: (instance) => sidecarProgram(instance, request, version),
    // One port takes the calls of every service on it: they are told apart by their Host.
    egress: ({ egressAddress }, _, port) => ({ address: egressAddress, port }),
    sidecarLog: ({ name }) => sidecarLog(name, request.logs),
  };
}

/** An istiod that may not watch its folder listens all the same, and never knows of anything. */
export function refuseBlind(log: string): void {
  const [, why] = /Unable to setup FileTrigger for \S+: (.*)/.exec(log) ?? [];
  if (why === undefined) return;
  throw environmentError(
    `istiod cannot watch the folder of its configuration: ${why}`,
    'each program that watches files takes an inotify instance, a kind cluster takes dozens: end some, or allow more with sudo sysctl fs.inotify.max_user_instances=1024',
  );
}
