import type { Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import type { Lab } from '../contract.ts';
import { firstAnswerAt, untilAnswered } from '../first-answer.ts';

/**
 * One request from each client to the service that a load calls through its sidecar, by its name; resolves with the
 * epoch milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host.
 */
export function firstRequest(
  topology: TopologyPlan,
  wayIn: NonNullable<Lab['wayIn']>,
  mesh: Pick<Mesh, 'serviceHost'>,
  signal: AbortSignal,
): Promise<number> {
  return firstAnswerAt(topology, async ({ to, port }, client) => {
    const host = `${mesh.serviceHost(to, topology.namespace)}:${port}`;
    const { url, headers } = wayIn(client.name, { service: to, port, host });
    const request = { url: `${url}/`, headers, to, port, through: client.name };
    await untilAnswered(request, topology, signal);
  });
}
