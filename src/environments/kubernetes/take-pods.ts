import type { V1Pod } from '@kubernetes/client-node';
import type { LabContext } from './context.ts';
import { podName } from './pods.ts';

/**
 * Takes the pods as they are now: the log of one that is new is followed, and a control plane that looks for none itself
 * hears of it. `isFresh`: whether all of its log belongs to this lab.
 */
export async function takePods(
  { roster, logs, told }: Pick<LabContext, 'roster' | 'logs' | 'told'>,
  pods: readonly V1Pod[],
  isFresh: (pod: V1Pod | undefined) => boolean = () => true,
): Promise<void> {
  for (const { instance, pod } of roster.update(pods)) {
    logs.follow(instance.name, podName(pod), isFresh(pod));
  }
  await told?.there(roster.members);
}
