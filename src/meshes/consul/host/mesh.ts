import { NotYet, notYet, type Ready } from '../../../kit/eventually.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { HostInstance, HostMesh, HostMeshRequest, MarkedRevision } from '../../contract.ts';
import { type Datacenter, datacentersOf } from '../datacenters.ts';
import { Agent, egress } from './agent.ts';
import { ConsulAuthority } from './authority.ts';
import { drainSidecar, prepareSidecar, sidecarLog, sidecarProgram } from './sidecar.ts';

/** What the mesh is to hold. */
interface Wanted {
  readonly resources: readonly MeshResource[];
  readonly revision: MarkedRevision;
}

/** An agent gathers what changes for 0.2 s before it tells sidecars of it, and takes its time where it is busy. */
const handsOnWithinMs = 1_000;

/**
 * Consul as plain processes on loopback: an agent that is the server too, and an Envoy beside every app. Where the
 * topology has networks, each has an agent of its own, and all of these are peers.
 */
export async function prepareOnHost(request: HostMeshRequest): Promise<HostMesh> {
  const datacenters = datacentersOf(request.topology);
  const agents = await Promise.all(datacenters.map((datacenter) => Agent.prepare(datacenter, request)));
  const datacenterOf = ({ network }: Pick<HostInstance, 'network'>) =>
    datacenters.find((each) => each.network === network) as Datacenter;
  await Promise.all(
    request.instances.map((instance) => prepareSidecar(instance, datacenterOf(instance), request)),
  );
  let wanted: Wanted = {
    resources: [],
    revision: { name: request.revision, hostsSince: request.revision },
  };
  /** What the agents have been given of that since they were started. */
  let given: Wanted | undefined;
  let isUp = false;
  /** Those that have been made peers, which they know over a restart. */
  const peers = new Set<string>();
  let isTold = false;
  let knowsSince: number | undefined;
  /** Names of the replicas that go, or are gone. */
  let withdrawn: ReadonlySet<string> = new Set();
  const give = async () => {
    const giving = wanted;
    await Promise.all(agents.map((agent) => agent.give(giving.resources, giving.revision)));
    given = giving;
  };
  const withdraw = () => Promise.all(agents.map((agent) => agent.withdraw(withdrawn)));
  return {
    controlPlanes: agents.map(({ program }) => program),
    authority: new ConsulAuthority(agents),
    // It has none for callers from outside.
    gatewayPort: 0,
    configurationHint: agents.flatMap(({ datacenter: { network }, address }) => [
      `Change the mesh configuration${network === undefined ? '' : ` of ${network}`}: write a configuration entry to the agent (it keeps its own proxy-defaults):`,
      `  curl -X PUT http://${address}/v1/config -d '{"Kind":"service-defaults","Name":"…"}'`,
    ]),
    holdControlPlane: async () => {
      [given, isTold, knowsSince] = [undefined, false, undefined];
      await Promise.all(agents.map((agent) => agent.hold()));
    },
    controlPlaneReady: async () => {
      const behind = await firstOf(agents.map((agent) => agent.hasReadItsLog()));
      if (behind !== undefined) return behind;
      for (const [index, agent] of agents.entries()) {
        for (const other of agents.slice(index + 1)) {
          const both = `${agent.datacenter.name} ${other.datacenter.name}`;
          if (peers.has(both)) continue;
          const late = await agent.peerWith(other);
          if (late !== undefined) return late;
          peers.add(both);
        }
      }
      // What has been changed while they were gone comes now.
      if (given !== wanted) await give();
      if (!isTold) {
        const deaf = await firstOf(agents.map((agent) => agent.handsOn()));
        if (deaf !== undefined) return deaf;
        await Promise.all(agents.map((agent) => agent.tellServices()));
        await withdraw();
        isTold = true;
      }
      const missing = await firstOf(agents.map((agent) => agent.knows(agents)));
      if (missing !== undefined) return missing;
      knowsSince ??= performance.now();
      if (performance.now() - knowsSince < handsOnWithinMs)
        return notYet('it has only just heard of all sidecars');
      isUp = true;
      for (const agent of agents) agent.letIn();
      return undefined;
    },
    closeControlPlane: async () => {
      isUp = false;
      await Promise.all(agents.map((agent) => agent.refuse()));
    },
    configure: async ({ resources }, revision) => {
      wanted = { resources, revision };
      if (isUp) await give();
    },
    withdraw: async (names) => {
      withdrawn = new Set(names);
      if (isUp) await withdraw();
    },
    drain: drainSidecar,
    sidecar: (instance) => sidecarProgram(instance, request),
    egress: (instance, service) => egress(instance, service, request),
    sidecarLog: ({ name }) => sidecarLog(name, request.logs),
  };
}

/** The first that is missing of several. */
const firstOf = async (all: readonly Promise<Ready>[]): Promise<Ready> =>
  (await Promise.all(all)).find((each) => each instanceof NotYet);
