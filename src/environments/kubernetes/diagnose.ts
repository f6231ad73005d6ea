import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { environmentError, type OperatorError } from '../../kit/errors.ts';
import { lastLines } from '../../kit/tail.ts';
import { type ClusterApi, podLog } from './api.ts';
import type { LabParts } from './context.ts';
import { containers, hasContainer, isReady, podName } from './pods.ts';

const imageTrouble = new Set(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName']);
const crashes = new Set([
  'CrashLoopBackOff',
  'RunContainerError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'StartError',
]);

/** What keeps a pod from becoming ready for good, with its own last words; undefined while there is hope. */
export async function diagnose(
  pod: V1Pod,
  { api, cluster, mesh }: Pick<LabParts, 'api' | 'cluster' | 'mesh'>,
  rejections: readonly string[],
): Promise<OperatorError | undefined> {
  const name = podName(pod);
  const { sidecar, controlPlane } = mesh.cluster;
  if (!hasContainer(pod, sidecar.container)) {
    return environmentError(
      `the pod ${name} has no sidecar (no container ${sidecar.container})`,
      `the mesh did not inject one: is its webhook there (kubectl get mutatingwebhookconfigurations), and was ${controlPlane.deployment} up when the pod was made?\n${await events(api, pod)}`,
    );
  }
  if (rejections.length > 0 && !isReady(pod)) return rejectedBy(name, rejections);
  return containerProblem(pod, { api, cluster });
}

/** A sidecar did not take what came before anything was under test, for reasons in its own words. */
export const rejectedBy = (sidecar: string, reasons: readonly string[]) =>
  environmentError(
    `the sidecar of ${sidecar} rejected its configuration before any was under test: ${reasons.join('; ')}`,
  );

/** A container whose image cannot be had, or that keeps ending. */
export async function containerProblem(
  pod: V1Pod,
  { api, cluster }: Pick<LabParts, 'api' | 'cluster'>,
): Promise<OperatorError | undefined> {
  const name = podName(pod);
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name: container, image, state, lastState, restartCount } of all) {
    const waiting = state?.waiting;
    if (waiting?.reason !== undefined && imageTrouble.has(waiting.reason)) {
      return environmentError(
        `${name}/${container}: its image ${image} cannot be pulled (${waiting.reason}): ${waiting.message ?? ''}`,
        `${cluster.imageHint(waiting.message ?? '')}\n${await events(api, pod)}`,
      );
    }
    const crashed = waiting?.reason !== undefined && crashes.has(waiting.reason);
    if (crashed || (restartCount > 2 && state?.running === undefined)) {
      const ended = lastState?.terminated ?? state?.terminated;
      const code = ended ? ` (${ended.reason ?? 'ended'}, exit code ${ended.exitCode})` : '';
      return environmentError(
        `${name}/${container} keeps ending${code}: ${waiting?.message ?? waiting?.reason ?? ''}`,
        `its last lines:\n${await logTail(api, pod, container)}\n${await events(api, pod)}`,
      );
    }
  }
  return undefined;
}

/** One line about what a pod is waiting for. */
export function standing(pod: V1Pod | undefined): string {
  if (!pod) return 'there is no pod yet';
  const unscheduled = (pod.status?.conditions ?? []).find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled) return `no node takes it: ${unscheduled.message ?? unscheduled.reason}`;
  const waiting = waitingContainer(pod);
  if (!waiting) return pod.status?.phase === 'Pending' ? 'it is being set up' : 'it is not ready yet';
  const reason = waiting.state?.waiting?.reason;
  return `${waiting.name} ${reason === undefined ? 'runs and is not ready' : `waits (${reason})`}`;
}

const waitingContainer = (pod: V1Pod) =>
  [...(pod.status?.initContainerStatuses ?? []), ...containers(pod)].find(
    ({ state, ready }) => state?.waiting !== undefined || (state?.running !== undefined && !ready),
  );

/** Last lines of a container, of the one before when it has just been started again. */
async function logTail(api: ClusterApi, pod: V1Pod, container: string): Promise<string> {
  const namespace = pod.metadata?.namespace ?? '';
  for (const previous of ['false', 'true']) {
    const path = podLog(namespace, podName(pod), { container, previous, tailLines: '8' });
    const { status, body } = await api.request('GET', path).catch(() => ({ status: 0, body: '' }));
    if (status === 200 && body.trim() !== '') return lastLines(body, 8);
  }
  return '  (nothing)';
}

/** What there is to read about a pod that one has waited for in vain: last lines of the container, and events. */
export async function lastWords(
  api: ClusterApi,
  pod: V1Pod,
  container = waitingContainer(pod)?.name ?? pod.spec?.containers[0]?.name ?? '',
): Promise<string> {
  const tail = await logTail(api, pod, container);
  return `last lines of ${podName(pod)}/${container}:\n${tail}\n${await events(api, pod)}`;
}

/** What the cluster has said about a pod. */
async function events(api: ClusterApi, { metadata }: V1Pod): Promise<string> {
  return warningLines(await listEvents(api, metadata?.namespace ?? 'default'), [metadata?.name ?? '']);
}

/** What the cluster has said about a Deployment, the ReplicaSets it made, and these pods. */
export async function deploymentEvents(
  api: ClusterApi,
  namespace: string,
  deployment: string,
  pods: readonly V1Pod[] = [],
): Promise<string> {
  const { items } = await api.apps.listNamespacedReplicaSet({ namespace }).catch(() => ({ items: [] }));
  const made = items.filter(({ metadata }) =>
    metadata?.ownerReferences?.some(({ kind, name }) => kind === 'Deployment' && name === deployment),
  );
  const names = [...made, ...pods].map(({ metadata }) => metadata?.name ?? '');
  return warningLines(await listEvents(api, namespace), [deployment, ...names]);
}

async function listEvents(api: ClusterApi, namespace: string): Promise<readonly CoreV1Event[]> {
  return (await api.core.listNamespacedEvent({ namespace }).catch(() => ({ items: [] }))).items;
}

/** The newest five warnings about objects of these names. */
export function warningLines(all: readonly CoreV1Event[], names: readonly string[]): string {
  const at = ({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: CoreV1Event) =>
    new Date(
      series?.lastObservedTime ??
        lastTimestamp ??
        eventTime ??
        firstTimestamp ??
        metadata.creationTimestamp ??
        0,
    ).getTime();
  const lines = all
    .filter(({ involvedObject, type }) => type === 'Warning' && names.includes(involvedObject.name ?? ''))
    .sort((a, b) => at(a) - at(b))
    .slice(-5)
    .map(
      ({ reason, message, count }) => `  ${reason}${(count ?? 1) > 1 ? ` (${count} times)` : ''}: ${message}`,
    );
  return lines.length === 0 ? 'no warnings among its events' : `events:\n${lines.join('\n')}`;
}
