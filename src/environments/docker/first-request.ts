import { eventually, notYet } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { Mesh } from '../../meshes/contract.ts';
import { isClient, type TopologyPlan } from '../../model/topology.ts';
import type { WayIn } from '../contract.ts';
import { firstAnswerMs } from '../first-answer.ts';

/**
 * One request from each client to the service that a load calls through its sidecar, by its name; resolves with the
 * epoch milliseconds of the first answer. Readiness is known before: a probe that fails would count against a host.
 */
export async function firstRequest(
  topology: TopologyPlan,
  wayIn: (client: string, host: string) => WayIn,
  mesh: Pick<Mesh, 'serviceHost'>,
  signal: AbortSignal,
): Promise<number> {
  const answered: number[] = [];
  for (const { from, to, port } of topology.calls) {
    const client = topology.instances.find((each) => isClient(each) && each.service === from);
    // What apps call is answered before they are.
    if (client === undefined) continue;
    const { url, headers } = wayIn(client.name, `${mesh.serviceHost(to, topology.namespace)}:${port}`);
    const timeoutMs = firstAnswerMs(topology);
    const attempt = async () => {
      try {
        const { status, body } = await http(`${url}/`, { headers, timeoutMs });
        return status === 200 ? undefined : notYet(`it got ${status}: ${body.slice(0, 200)}`);
      } catch (error) {
        return notYet(error instanceof Error ? error.message : String(error));
      }
    };
    await eventually(attempt, {
      waitingFor: `the first answer of ${to}:${port} through the sidecar of ${client.name}`,
      timeoutMs: 2 * timeoutMs,
      signal,
    });
    answered.push(Date.now());
  }
  const [first] = answered;
  if (first === undefined) throw new Error('nobody calls anybody in the topology');
  return first;
}
