import { eventually } from '../../../kit/eventually.ts';
import { isServer, servedBy, type TopologyPlan } from '../../../model/topology.ts';
import type { ControlPlaneWay, ToldControlPlane, ToldReplica } from '../../contract.ts';
import { AgentApi } from '../agent/api.ts';
import { desiredEntries, MARKER_ENTRY } from '../agent/desired.ts';
import { HandingOn } from '../agent/handing-on.ts';
import { countOf, type Replica, registrations } from '../agent/services.ts';
import { ONLY_DATACENTER } from '../datacenters.ts';
import { AGENT, SERVICES_FILE } from './agent.ts';
import { SIDECAR_PORT } from './ports.ts';
import { appAt, markerAt, upstreamAt } from './sidecar.ts';

/** It compares everything within half a minute, even where it has put that off. */
const handsOnTimeoutMs = 60_000;

/** The agent of a cluster, as whoever has made it tells it what there is. */
export function tellAgent({ ask, write }: ControlPlaneWay, topology: TopologyPlan): ToldControlPlane {
  const api = new AgentApi(ask);
  const handingOn = new HandingOn(api);
  let replicas: ReadonlyMap<string, number> = new Map();
  const configure: ToldControlPlane['configure'] = ({ resources }, revision) =>
    api.apply(
      desiredEntries(ONLY_DATACENTER, resources, topology, { accessLog: { Type: 'stdout' }, revision }),
      MARKER_ENTRY,
    );
  const replica = ({ pod, address, appPort, ...instance }: ToldReplica): Replica => ({
    ...instance,
    id: pod,
    sidecar: { address, port: SIDECAR_PORT },
    appAt: appAt(appPort),
    upstream: (service) => upstreamAt(service, topology),
    marker: markerAt,
  });
  return {
    configure,
    async there(all) {
      const services = registrations(all.map(replica), servedBy(topology));
      await eventually(() => handingOn.look(), {
        waitingFor: `${AGENT} to hand on what changes`,
        timeoutMs: handsOnTimeoutMs,
      });
      // They come all at once, where each by itself would be slow.
      await write(SERVICES_FILE, JSON.stringify({ services }));
      await api.reload();
      replicas = countOf(all.filter(isServer));
    },
    knows: () => api.knows(replicas),
    versions: async () => ({ [AGENT]: await api.version() }),
  };
}
