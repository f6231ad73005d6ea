import { eventually, notYet } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import { isClient, type TopologyPlan } from '../../model/topology.ts';
import { firstAnswerMs } from '../first-answer.ts';

/**
 * One request from the client's sidecar to the service the load calls; resolves with the epoch
 * milliseconds of its answer. Readiness is known before: a probe that fails would count against a host.
 */
export async function firstRequest(
  topology: TopologyPlan,
  instances: readonly HostInstance[],
  signal: AbortSignal,
): Promise<number> {
  const {
    calls: [call],
    services,
    namespace,
  } = topology;
  const timeoutMs = firstAnswerMs(topology);
  const client = instances.find((instance) => isClient(instance) && instance.service === call?.from);
  const called = services.find(({ name }) => name === call?.to);
  if (!client || !called) throw new Error('the topology has no client or no service to call');
  const { name, port } = called;
  await eventually(
    async () => {
      try {
        const { status, body } = await http(`http://${client.egressAddress}:${port}/`, {
          headers: { host: `${name}.${namespace}.svc.cluster.local:${port}` },
          timeoutMs,
        });
        return status === 200 ? undefined : notYet(`it got ${status}: ${body.slice(0, 200)}`);
      } catch (error) {
        return notYet(error instanceof Error ? error.message : String(error));
      }
    },
    {
      waitingFor: `the first answer through the sidecar of ${client.name}`,
      timeoutMs: 2 * timeoutMs,
      signal,
    },
  );
  return Date.now();
}
