import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod, V1Service } from '@kubernetes/client-node';
import { environmentError } from '../../kit/errors.ts';
import { GaveUp, notYet } from '../../kit/eventually.ts';
import { WORKLOAD_LABEL } from './api.ts';
import { type LabContext, type LabParts, throughApi, visiblyUntil } from './context.ts';
import { deploymentEvents, diagnose, lastWords, standing } from './diagnose.ts';
import { endOrphan } from './k6.ts';
import { podLabels, usable } from './made-anew.ts';
import { appPorts, GENERATOR, OUTSIDE_LABEL, outsideObject, topologyObjects } from './manifests.ts';
import { hasContainer, isReady, podName, restarts } from './pods.ts';
import { takePods } from './take-pods.ts';

const readyTimeoutMs = 180_000;
/** Sidecars write their logs four times a second. */
const flushMs = 1_000;

export async function nodesReady({ api, request, cluster }: LabParts): Promise<void> {
  request.progress(`waiting for ${cluster.nodes.length} nodes`);
  const options = { waitingFor: 'the nodes', timeoutMs: readyTimeoutMs, everyMs: 300 };
  await visiblyUntil(request, options, async () => {
    const { items } = await api.core.listNode();
    const ready = items.filter(({ status }) =>
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    if (ready.length === cluster.nodes.length) return undefined;
    return notYet(`${ready.length} of ${cluster.nodes.length} are ready`);
  });
}

/** Applies the topology, without what is under test; on a kept cluster only what differs changes. */
export async function deploy(context: LabContext): Promise<void> {
  const { request, api, cluster, namespace, mesh } = context;
  const { topology } = request;
  const { control } = mesh.cluster;
  if (cluster.reused) await endOrphans(context);
  request.progress(`applying ${topology.name} to the cluster`);
  await api.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, ...(control.by === 'resources' ? { labels: control.namespaceLabels } : {}) },
  });
  const surroundings = { mesh, cluster, podLabels: podLabels(mesh, request.runId) };
  const addresses = new Map<string, string>();
  // Identities before the pods that have them.
  for (const object of topologyObjects(topology, surroundings)) {
    const made: V1Service = await api.apply(object);
    if (made.kind === 'Service') addresses.set(made.metadata?.name ?? '', made.spec?.clusterIP ?? '');
  }
  if (topology.outside) await api.apply(outsideObject(topology, surroundings, addresses));
  if (control.by === 'resources') {
    for (const resource of control.resources(topology)) await api.apply(resource);
  }
  if (cluster.reused) await removeOld(context);
}

/** Ends the load of a run that was killed, and lets what it has done get into the logs, before this run reads them. */
async function endOrphans({ api, namespace, request }: LabContext): Promise<void> {
  const pods = (await api.pods(namespace, WORKLOAD_LABEL)).filter((pod) => hasContainer(pod, GENERATOR));
  const ended = await Promise.all(
    pods.map((pod) => endOrphan(api, namespace, podName(pod)).catch(() => false)),
  );
  if (!ended.includes(true)) return;
  request.progress('ending the load of a run that was killed');
  await sleep(flushMs);
}

/** What earlier runs have left on a kept cluster: their objects, and pods that are not as good as new. */
async function removeOld(context: LabContext): Promise<void> {
  const { api, namespace, cluster, mesh } = context;
  const own = [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'v1', kind: 'Service' },
    { apiVersion: 'v1', kind: 'ServiceAccount' },
  ];
  const { control } = mesh.cluster;
  const meshKinds = control.by === 'resources' ? await api.kindsOf(control.apiGroupSuffix) : [];
  await api.prune([...own, ...meshKinds], cluster.startOver);
  // Its pods are all made anew.
  if (control.by === 'telling') return;
  const foreign = await api.foreign(meshKinds);
  if (foreign.length > 0) {
    throw environmentError(
      `on ${cluster.title} there is mesh configuration that no run has applied: ${foreign.join(', ')}`,
      `it would take part in the experiment; delete it, give it to the run with --config, or ${cluster.startOver}`,
    );
  }
  const pods = await api.pods(namespace, WORKLOAD_LABEL);
  await Promise.all(
    pods.map(async (pod) => {
      // A container that was killed before is started later each time; a sidecar that once rejected
      // something counts that for as long as it lives; and none is injected later.
      if (!hasSidecar(context, pod) || restarts(pod) > 0 || (await hasRejected(context, pod))) {
        // Its Deployment may have been first.
        await api.core
          .deleteNamespacedPod({ name: podName(pod), namespace, gracePeriodSeconds: 0 })
          .catch(() => {});
      } else {
        // A crashed run may have left one on.
        await api.request('DELETE', throughApi(namespace, pod, appPorts.control, '/faults')).catch(() => {});
      }
    }),
  );
}

const hasSidecar = ({ mesh }: LabContext, pod: V1Pod) => hasContainer(pod, mesh.cluster.sidecar.container);

async function hasRejected({ mesh, sidecars }: LabContext, pod: V1Pod): Promise<boolean> {
  if (!isReady(pod)) return false;
  const { paths, count } = mesh.sidecar.rejected;
  const answers = await sidecars.ask(podName(pod), paths).catch(() => []);
  return count(answers) > 0;
}

/** Waits until there is a ready pod for every replica, and says what each that is not waits for. */
export async function podsReady(context: LabContext): Promise<void> {
  const { request, api, roster, namespace, cluster, startedAt, sidecars, workloads } = context;
  request.progress(`waiting for ${roster.members.length} pods`);
  const attempt = async () => {
    const pods = await api.pods(namespace, workloads);
    await takePods(context, pods, (pod) => !cluster.reused || isYounger(pod, startedAt));
    const waiting = roster.members.filter(
      ({ pod }) => pod === undefined || !isReady(pod) || !hasSidecar(context, pod),
    );
    const [first] = waiting;
    if (first === undefined) return undefined;
    for (const { instance, pod } of waiting) {
      const problem = pod && (await diagnose(pod, context, sidecars.rejectionsOf(instance.name)));
      if (problem) throw problem;
    }
    const state = standing(first.pod);
    return notYet(
      `${waiting.length} of ${roster.members.length}; ${first.instance.name} (${podName(first.pod) || 'no pod'}): ${state}`,
    );
  };
  try {
    const options = { waitingFor: 'the pods', timeoutMs: readyTimeoutMs, everyMs: 400 };
    await visiblyUntil(request, options, attempt);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    const missing = roster.members.find(
      ({ pod }) => pod === undefined || !isReady(pod) || !hasSidecar(context, pod),
    );
    const said = missing?.pod
      ? await lastWords(api, missing.pod)
      : await deploymentEvents(api, namespace, missing?.instance.workload ?? '');
    throw environmentError(
      error.message,
      `a pod that no node takes, or that is only slow, needs a machine with more CPU or memory, or a smaller topology; of any other the reason is here\n${said}`,
      error,
    );
  }
}

/** The name of the pod that has no sidecar, once it is ready. */
export async function outsidePod({ request, api, namespace, mesh }: LabContext): Promise<string> {
  const options = { waitingFor: 'the pod outside the mesh', timeoutMs: readyTimeoutMs, everyMs: 400 };
  let name = '';
  await visiblyUntil(request, options, async () => {
    const pods = await api.pods(namespace, usable(OUTSIDE_LABEL, mesh, request.runId));
    const ready = pods.filter(isReady);
    name = podName(ready.find(({ metadata }) => metadata?.deletionTimestamp === undefined));
    return name === '' ? notYet('it is not ready') : undefined;
  });
  return name;
}

/** Whether a pod was made for this run. */
function isYounger(pod: V1Pod | undefined, startedAt: Date): boolean {
  const made = pod?.metadata?.creationTimestamp;
  return made !== undefined && new Date(made).getTime() >= startedAt.getTime() - 1_000;
}
