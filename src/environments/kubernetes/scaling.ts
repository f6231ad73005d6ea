import { environmentError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import type { ClusterMesh } from '../../meshes/contract.ts';
import { type ClusterApi, FIELD_MANAGER } from './api.ts';
import { patiently } from './context.ts';

const answerTimeoutMs = 120_000;

const scalePath = (namespace: string, deployment: string) =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}/scale`;

/** Sets how many replicas a Deployment is to have; does not wait for them. */
export async function scale(
  api: ClusterApi,
  namespace: string,
  deployment: string,
  replicas: number,
): Promise<void> {
  const path = `${scalePath(namespace, deployment)}?fieldManager=${FIELD_MANAGER}`;
  const answer = await api.request('PATCH', path, {
    body: JSON.stringify({ spec: { replicas } }),
    contentType: 'application/merge-patch+json',
  });
  if (answer.status >= 300) {
    throw environmentError(`cannot scale ${deployment} to ${replicas}: ${answer.body.slice(0, 200)}`);
  }
}

/** Gives the control plane its replica back if a fault, or a run that was killed in one, has taken it. */
export async function mendControlPlane(
  api: ClusterApi,
  { namespace, deployment }: ClusterMesh['controlPlane'],
): Promise<void> {
  // Nobody knows yet whether the mesh was ever installed.
  const answer = await eventually(
    patiently(() => api.request('GET', scalePath(namespace, deployment))),
    { waitingFor: 'the API server', timeoutMs: answerTimeoutMs, everyMs: 300 },
  );
  if (answer.status === 200 && JSON.parse(answer.body).spec?.replicas === 0) {
    await scale(api, namespace, deployment, 1);
  }
}
