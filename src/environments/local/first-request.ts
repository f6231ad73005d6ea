import { http, http2 } from '../../kit/http.ts';
import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import { gatewayOf, isOfBytes, servedBy, type TopologyPlan } from '../../model/topology.ts';
import { firstAnswerAt, untilAnswered } from '../first-answer.ts';
import { replicaNamed } from '../replicas.ts';

/**
 * One request from each client's sidecar to the service that a load calls through it; resolves with the epoch
 * milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host. An ingress
 * gateway leads nowhere before configuration is under test; it is asked for every service at a port of its own.
 */
export function firstRequest(
  topology: TopologyPlan,
  instances: readonly HostInstance[],
  mesh: Pick<Mesh, 'serviceHost'> & Pick<HostMesh, 'egress'>,
  gatewayPort: number,
  signal: AbortSignal,
): Promise<number> {
  return firstAnswerAt(topology, async (call, { name }) => {
    const gateway = gatewayOf(call.to, topology)?.name;
    if (gateway === undefined) {
      const client = replicaNamed(instances, name);
      const { address, port: listens } = mesh.egress(client, call.to, call.port);
      return answerTo(call, { proxy: client, address, listens }, topology, mesh, signal);
    }
    const proxy = instances.find(({ service }) => service === gateway);
    if (proxy === undefined) throw new Error('the topology has no gateway to call through');
    const place = { proxy, address: proxy.address, listens: gatewayPort };
    for (const { name: to, port } of servedBy(topology)) {
      await answerTo({ to, port }, place, topology, mesh, signal);
    }
  });
}

/** The proxy through which a request goes, and where that takes it. */
interface Place {
  readonly proxy: HostInstance;
  readonly address: string;
  readonly listens: number;
}

async function answerTo(
  { to, port }: Pick<TopologyPlan['calls'][number], 'to' | 'port'>,
  { proxy, address, listens }: Place,
  topology: TopologyPlan,
  mesh: Pick<Mesh, 'serviceHost'>,
  signal: AbortSignal,
): Promise<void> {
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
