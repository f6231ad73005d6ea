import { http, http2 } from '../../kit/http.ts';
import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import { gatewayOf, isClient, isOfBytes, servedBy, type TopologyPlan } from '../../model/topology.ts';
import { untilAnswered } from '../first-answer.ts';

/**
 * One request from each client's sidecar to the service that a load calls through it; resolves with the epoch
 * milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host. An ingress
 * gateway leads nowhere before configuration is under test; it is asked for every service at a port of its own.
 */
export async function firstRequest(
  topology: TopologyPlan,
  instances: readonly HostInstance[],
  mesh: Pick<Mesh, 'serviceHost'> & Pick<HostMesh, 'egress'>,
  gatewayPort: number,
  signal: AbortSignal,
): Promise<number> {
  const answered: number[] = [];
  const clients = new Set(topology.services.filter(isClient).map(({ name }) => name));
  for (const call of topology.calls) {
    // What apps call is answered before they are.
    if (!clients.has(call.from)) continue;
    const gateway = gatewayOf(call.to, topology)?.name;
    if (gateway === undefined) {
      const client = instances.find((instance) => isClient(instance) && instance.service === call.from);
      const egress = client && mesh.egress(client, call.to, call.port);
      const place = { proxy: client, address: egress?.address, listens: egress?.port ?? call.port };
      await answerTo(call, place, topology, mesh, signal);
    } else {
      const proxy = instances.find(({ service }) => service === gateway);
      for (const { name, port } of servedBy(topology)) {
        const place = { proxy, address: proxy?.address, listens: gatewayPort };
        await answerTo({ to: name, port }, place, topology, mesh, signal);
      }
    }
    answered.push(Date.now());
  }
  const [first] = answered;
  if (first === undefined) throw new Error('nobody calls anybody in the topology');
  return first;
}

/** The proxy through which a request goes, and where that takes it: at the port of the service unless given. */
interface Place {
  readonly proxy: HostInstance | undefined;
  readonly address: string | undefined;
  readonly listens?: number;
}

async function answerTo(
  { to, port }: Pick<TopologyPlan['calls'][number], 'to' | 'port'>,
  { proxy, address, listens = port }: Place,
  topology: TopologyPlan,
  mesh: Pick<Mesh, 'serviceHost'>,
  signal: AbortSignal,
): Promise<void> {
  if (proxy === undefined) throw new Error('the topology has no client or no gateway to call through');
  const called = topology.services.find(({ name }) => name === to);
  // A port of bytes leads to the app as it is.
  const ofBytes = called !== undefined && isOfBytes(called) && (called.protocol ?? 'http1') !== 'http1';
  const request = {
    url: `http://${address}:${listens}/`,
    headers: { host: `${mesh.serviceHost(to, topology.namespace)}:${port}` },
    ask: ofBytes ? http2 : http,
    to,
    port,
    through: proxy.name,
  };
  await untilAnswered(request, topology, signal);
}
