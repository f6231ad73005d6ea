import { usageError } from '../../../kit/errors.ts';
import { NotYet, notYet } from '../../../kit/eventually.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { isServer } from '../../../model/topology.ts';
import type { HostAuthority, HostMesh, HostMeshRequest, MarkedRevision } from '../../contract.ts';
import { accepts, DiscoveryGate } from '../../envoy/discovery-gate.ts';
import { MARKER_SERVICE } from '../names.ts';
import { prepareAgent, writeServices } from './agent.ts';
import { AgentApi } from './agent-api.ts';
import { desiredEntries } from './desired.ts';
import { agentPorts } from './ports.ts';
import { egressPort, registrations } from './services.ts';
import { prepareSidecar, sidecarLog, sidecarProgram } from './sidecar.ts';

/** What the mesh is to hold. */
interface Wanted {
  readonly resources: readonly MeshResource[];
  readonly revision: MarkedRevision;
}

/** An agent gathers what changes for 0.2 s before it tells sidecars of it, and takes its time where it is busy. */
const handsOnWithinMs = 1_000;

/** The entry that says which revision it is. */
const MARKER = `service-resolver/${MARKER_SERVICE}`;

/** Consul as plain processes on loopback: an agent that is the server too, and an Envoy beside every app. */
export async function prepareOnHost(request: HostMeshRequest): Promise<HostMesh> {
  const controlPlane = await prepareAgent(request);
  await Promise.all(request.instances.map((instance) => prepareSidecar(instance, request)));
  const at = (usual: number) => ({ host: request.address, port: request.port(usual) });
  const agent = at(agentPorts.http);
  const api = new AgentApi(`${agent.host}:${agent.port}`);
  const gate = new DiscoveryGate(at(agentPorts.discovery), at(agentPorts.grpc));
  const servers = Map.groupBy(request.instances.filter(isServer), ({ service }) => service);
  const replicas = new Map([...servers].map(([service, { length }]) => [service, length]));
  let wanted: Wanted = {
    resources: [],
    revision: { name: request.revision, hostsSince: request.revision },
  };
  let isUp = false;
  let isTold = false;
  let knowsSince: number | undefined;
  const give = ({ resources, revision }: Wanted) =>
    api.apply(
      desiredEntries(resources, request.topology, { accessLog: request.accessLog, revision }),
      MARKER,
    );
  return {
    controlPlane,
    authority,
    // It has no gateways.
    gatewayPort: 0,
    configurationHint: [
      'Change the mesh configuration: write a configuration entry to the agent (it keeps its own proxy-defaults):',
      `  curl -X PUT http://${agent.host}:${agent.port}/v1/config -d '{"Kind":"service-defaults","Name":"…"}'`,
    ],
    holdControlPlane: async () => {
      [isTold, knowsSince] = [false, undefined];
      // It would make up what sidecars are to hold before its server has read its log, fail at that, and take seconds
      // to try again, in which whoever asks is told that there is nothing to call.
      await writeServices(request, []);
      await gate.hold();
    },
    controlPlaneReady: async () => {
      const accepted = await accepts(at(agentPorts.grpc));
      if (accepted instanceof NotYet) return accepted;
      const behind = await api.hasReadItsLog();
      if (behind !== undefined) return behind;
      if (!isTold) {
        // What has been changed while it was gone comes now.
        await give(wanted);
        await writeServices(request, registrations(request));
        await api.reload();
        isTold = true;
      }
      const missing = await api.knows(replicas);
      if (missing !== undefined) return missing;
      knowsSince ??= performance.now();
      if (performance.now() - knowsSince < handsOnWithinMs)
        return notYet('it has only just heard of all sidecars');
      isUp = true;
      gate.open();
      return undefined;
    },
    closeControlPlane: async () => {
      isUp = false;
      await gate.close();
    },
    configure: async ({ resources }, revision) => {
      wanted = { resources, revision };
      if (isUp) await give(wanted);
    },
    sidecar: (instance) => sidecarProgram(instance, request),
    egress: ({ egressAddress }, service) => ({
      address: egressAddress,
      port: egressPort(request, service),
    }),
    sidecarLog: ({ name }) => sidecarLog(name, request.logs),
  };
}

/** Consul issues certificates itself: scenarios whose faults need these are refused before anything starts. */
const authority: HostAuthority = { issue: notOurs, succeed: notOurs, trust: notOurs, renew: notOurs };

function notOurs(): never {
  throw usageError('Consul issues the certificates of its sidecars itself');
}
