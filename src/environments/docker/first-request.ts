import type { Mesh } from '../../meshes/contract.ts';
import { isClient, type TopologyPlan } from '../../model/topology.ts';
import type { Lab } from '../contract.ts';
import { untilAnswered } from '../first-answer.ts';

/**
 * One request from each client to the service that a load calls through its sidecar, by its name; resolves with the
 * epoch milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host.
 */
export async function firstRequest(
  topology: TopologyPlan,
  wayIn: NonNullable<Lab['wayIn']>,
  mesh: Pick<Mesh, 'serviceHost'>,
  signal: AbortSignal,
): Promise<number> {
  const answered: number[] = [];
  for (const { from, to, port } of topology.calls) {
    const client = topology.instances.find((each) => isClient(each) && each.service === from);
    // What apps call is answered before they are.
    if (client === undefined) continue;
    const host = `${mesh.serviceHost(to, topology.namespace)}:${port}`;
    const { url, headers } = wayIn(client.name, { service: to, port, host });
    const request = { url: `${url}/`, headers, to, port, through: client.name };
    await untilAnswered(request, topology, signal);
    answered.push(Date.now());
  }
  const [first] = answered;
  if (first === undefined) throw new Error('nobody calls anybody in the topology');
  return first;
}
