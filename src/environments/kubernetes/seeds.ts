import { environmentError } from '../../kit/errors.ts';
import { type LabContext, throughApi } from './context.ts';
import { appPorts } from './manifests.ts';
import { type Member, podName } from './pods.ts';

/**
 * Gives each app its seed through its control port. In the environment of a Deployment all replicas would have
 * one, and the pods of a kept cluster would be replaced for it.
 */
export async function seedApps(
  { api, namespace }: Pick<LabContext, 'api' | 'namespace'>,
  members: readonly Member[],
): Promise<void> {
  await Promise.all(
    members.map(async ({ instance, pod }) => {
      const seed = instance.app?.seed;
      if (seed === undefined) return;
      const path = throughApi(namespace, pod, appPorts.control, '/seed');
      const answer = await api.request('PUT', path, { body: String(seed), timeoutMs: 5_000 });
      // An app of somebody else may draw nothing.
      if (answer.status < 300 || answer.status === 404) return;
      throw environmentError(
        `${instance.name} (${podName(pod)}) answered ${answer.status} to its seed: ${answer.body.slice(0, 200)}`,
      );
    }),
  );
}
