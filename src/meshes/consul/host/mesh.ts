import { usageError } from '../../../kit/errors.ts';
import { NotYet, notYet } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { isServer, servedBy } from '../../../model/topology.ts';
import type {
  HostAuthority,
  HostInstance,
  HostMesh,
  HostMeshRequest,
  MarkedRevision,
} from '../../contract.ts';
import { accepts, DiscoveryGate } from '../../envoy/discovery-gate.ts';
import { AgentApi } from '../agent/api.ts';
import { desiredEntries, MARKER_ENTRY } from '../agent/desired.ts';
import { type Replica, registrations } from '../agent/services.ts';
import { prepareAgent, writeServices } from './agent.ts';
import { agentPorts, MARKER_PORT, upstreamPort } from './ports.ts';
import { prepareSidecar, sidecarLog, sidecarProgram } from './sidecar.ts';

/** What the mesh is to hold. */
interface Wanted {
  readonly resources: readonly MeshResource[];
  readonly revision: MarkedRevision;
}

/** An agent gathers what changes for 0.2 s before it tells sidecars of it, and takes its time where it is busy. */
const handsOnWithinMs = 1_000;

const answerTimeoutMs = 10_000;

/** Consul as plain processes on loopback: an agent that is the server too, and an Envoy beside every app. */
export async function prepareOnHost(request: HostMeshRequest): Promise<HostMesh> {
  const controlPlane = await prepareAgent(request);
  await Promise.all(request.instances.map((instance) => prepareSidecar(instance, request)));
  const at = (usual: number) => ({ host: request.address, port: request.port(usual) });
  const agent = at(agentPorts.http);
  const api = new AgentApi((method, path, body) =>
    http(`http://${agent.host}:${agent.port}${path}`, {
      method,
      timeoutMs: answerTimeoutMs,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    }),
  );
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
      desiredEntries(resources, request.topology, {
        accessLog: { Type: 'file', Path: request.accessLog },
        revision,
      }),
      MARKER_ENTRY,
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
        const all = request.instances.map((instance) => replica(instance, request));
        await writeServices(request, registrations(all, servedBy(request.topology)));
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
    egress: (instance, service) => egress(instance, service, request),
    sidecarLog: ({ name }) => sidecarLog(name, request.logs),
  };
}

/** An instance as the agent hears of it. */
const replica = (instance: HostInstance, request: HostMeshRequest): Replica => ({
  ...instance,
  id: instance.name,
  sidecar: instance,
  appAt: { address: instance.address, port: instance.appPort },
  upstream: (service) => egress(instance, service, request),
  marker: { address: instance.egressAddress, port: request.port(MARKER_PORT) },
});

/** Where a sidecar takes calls of a service. */
function egress({ egressAddress }: HostInstance, service: string, { topology, port }: HostMeshRequest) {
  const index = servedBy(topology).findIndex(({ name }) => name === service);
  return { address: egressAddress, port: port(upstreamPort(index)) };
}

/** Consul issues certificates itself: scenarios whose faults need these are refused before anything starts. */
const authority: HostAuthority = { issue: notOurs, succeed: notOurs, trust: notOurs, renew: notOurs };

function notOurs(): never {
  throw usageError('Consul issues the certificates of its sidecars itself');
}
