import { eventually, notYet } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { HostInstance, HostMesh, Mesh } from '../../meshes/contract.ts';
import { isClient, type TopologyPlan } from '../../model/topology.ts';
import { firstAnswerMs } from '../first-answer.ts';

/**
 * One request from each client's sidecar to the service that a load calls through it; resolves with the epoch
 * milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host.
 */
export async function firstRequest(
  topology: TopologyPlan,
  instances: readonly HostInstance[],
  mesh: Pick<Mesh, 'serviceHost'> & Pick<HostMesh, 'egress'>,
  signal: AbortSignal,
): Promise<number> {
  const answered: number[] = [];
  const clients = new Set(topology.services.filter(isClient).map(({ name }) => name));
  for (const call of topology.calls) {
    // What apps call is answered before they are.
    if (!clients.has(call.from)) continue;
    await answerTo(call, topology, instances, mesh, signal);
    answered.push(Date.now());
  }
  const [first] = answered;
  if (first === undefined) throw new Error('nobody calls anybody in the topology');
  return first;
}

async function answerTo(
  call: TopologyPlan['calls'][number],
  topology: TopologyPlan,
  instances: readonly HostInstance[],
  mesh: Pick<Mesh, 'serviceHost'> & Pick<HostMesh, 'egress'>,
  signal: AbortSignal,
): Promise<void> {
  const { services, namespace } = topology;
  const timeoutMs = firstAnswerMs(topology);
  const client = instances.find((instance) => isClient(instance) && instance.service === call.from);
  const called = services.find(({ name }) => name === call.to);
  if (!client || !called) throw new Error('the topology has no client or no service to call');
  const { name } = called;
  const { port } = call;
  const place = mesh.egress(client, name, port);
  const attempt = async () => {
    try {
      const { status, body } = await http(`http://${place.address}:${place.port}/`, {
        headers: { host: `${mesh.serviceHost(name, namespace)}:${port}` },
        timeoutMs,
      });
      return status === 200 ? undefined : notYet(`it got ${status}: ${body.slice(0, 200)}`);
    } catch (error) {
      return notYet(error instanceof Error ? error.message : String(error));
    }
  };
  await eventually(attempt, {
    waitingFor: `the first answer of ${name}:${port} through the sidecar of ${client.name}`,
    timeoutMs: 2 * timeoutMs,
    signal,
  });
}
