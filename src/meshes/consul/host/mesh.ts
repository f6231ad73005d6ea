import { usageError } from '../../../kit/errors.ts';
import { NotYet, notYet } from '../../../kit/eventually.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { isServer } from '../../../model/topology.ts';
import type { HostAuthority, HostMesh, HostMeshRequest, MarkedRevision } from '../../contract.ts';
import { accepts, DiscoveryGate } from '../../envoy/discovery-gate.ts';
import { MARKER_SERVICE } from '../names.ts';
import { prepareAgent } from './agent.ts';
import { AgentApi } from './agent-api.ts';
import { desiredEntries } from './desired.ts';
import { agentPorts } from './ports.ts';
import { egressPort } from './services.ts';
import { prepareSidecar, sidecarLog, sidecarProgram } from './sidecar.ts';

/** What the mesh is to hold. */
interface Wanted {
  readonly resources: readonly MeshResource[];
  readonly revision: MarkedRevision;
}

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
  const replicas = Map.groupBy(request.instances.filter(isServer), ({ service }) => service);
  let wanted: Wanted = {
    resources: [],
    revision: { name: request.revision, hostsSince: request.revision },
  };
  let isUp = false;
  let knewAll = false;
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
    holdControlPlane: () => gate.hold(),
    controlPlaneReady: async () => {
      const accepted = await accepts(at(agentPorts.grpc));
      if (accepted instanceof NotYet) return accepted;
      if (!(await api.leads())) return notYet('its server does not lead yet');
      // One that is started again knows what it knew, and a fault may have taken sidecars down.
      const missing = knewAll ? undefined : await missingSidecars(api, replicas);
      if (missing !== undefined) return missing;
      knewAll = true;
      // What has been changed while it was gone comes now.
      await give(wanted);
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

async function missingSidecars(
  api: AgentApi,
  replicas: ReadonlyMap<string, readonly unknown[]>,
): Promise<NotYet | undefined> {
  const known = await api.sidecars([...replicas.keys()]);
  if (known instanceof NotYet) return known;
  for (const [service, { length }] of replicas) {
    const there = known.get(service) ?? 0;
    if (there < length) return notYet(`it knows ${there} of ${length} sidecars of ${service} yet`);
  }
  return undefined;
}

/** Consul issues certificates itself: scenarios whose faults need these are refused before anything starts. */
const authority: HostAuthority = { issue: notOurs, succeed: notOurs, trust: notOurs, renew: notOurs };

function notOurs(): never {
  throw usageError('Consul issues the certificates of its sidecars itself');
}
