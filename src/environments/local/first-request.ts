import { environmentError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import type { Plan } from '../../plan/contract.ts';

/**
 * One request from the client's sidecar to the service the load calls; resolves with the epoch
 * milliseconds of its answer. Readiness is known before: a probe that fails would count against a host.
 */
export async function firstRequest(
  plan: Plan,
  instances: readonly HostInstance[],
  signal: AbortSignal,
): Promise<number> {
  const { namespace, services } = plan.scenario.topology;
  const client = instances.find((instance) => instance.client);
  const port = services[plan.scenario.load.to]?.port;
  if (!client || port === undefined) throw new Error('the plan has no client or no service to call');
  const answer = await eventually(
    async () => {
      try {
        return await http(`http://${client.egressAddress}:${port}/`, {
          headers: { host: `${plan.scenario.load.to}.${namespace}.svc.cluster.local:${port}` },
          timeoutMs: 5_000,
        });
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    { waitingFor: `the sidecar of ${client.name} to answer`, timeoutMs: 10_000, signal },
  );
  if (answer.status === 0) throw environmentError('the first request got no status');
  return Date.now();
}
