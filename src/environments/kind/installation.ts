import { join } from 'node:path';
import { accessLogFormat } from '../../evidence/contract.ts';
import { environmentError } from '../../kit/errors.ts';
import type { ClusterMeshSettings } from '../../meshes/contract.ts';
import { visibly } from './commands.ts';
import type { LabContext } from './context.ts';
import { events, imageProblem, standing } from './diagnose.ts';
import { observerNodes } from './manifests.ts';
import { podName } from './pods.ts';
import { fingerprint } from './topology.ts';
import type { KindSettings } from './versions.ts';

/** In the mesh's namespace: which installation is there. */
const installedMark = 'breakwater-installation';

export const meshSettings = (settings: KindSettings): ClusterMeshSettings => ({
  hub: settings.meshHub,
  tag: settings.meshTag,
  stockEnvoy: settings.stockEnvoy,
  accessLogFormat,
  controlPlaneNodes: observerNodes,
});

/** Installs the mesh unless just this installation is there. */
export async function installMesh(context: LabContext): Promise<void> {
  const { request, api, mesh } = context;
  const { namespace, deployment, labelSelector } = mesh.cluster.controlPlane;
  const settings = meshSettings(context.settings);
  const command = await mesh.cluster.installation(settings, request.directory);
  const wanted = fingerprint(JSON.stringify(settings), mesh.version);
  const installed = await api.core
    .readNamespacedConfigMap({ name: installedMark, namespace })
    .then(({ data }) => data?.['fingerprint'])
    .catch(() => undefined);
  if (installed === wanted) return;
  try {
    await visibly(`installing ${mesh.name} ${mesh.version} (${command.what})`, request.progress, () =>
      meshCommand(context, command.program, command.args, command.what, 300_000),
    );
  } catch (error) {
    request.signal.throwIfAborted();
    const pods = await api.pods(namespace, labelSelector).catch(() => []);
    for (const pod of pods) {
      const problem = await imageProblem(pod, api);
      if (problem) throw problem;
    }
    const state = pods.map((pod) => `${podName(pod)}: ${standing(pod)}`).join('\n');
    const said = await events(api, { metadata: { name: deployment, namespace } });
    throw environmentError((error as Error).message, `${state}\n${said}`, error);
  }
  await api.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: installedMark, namespace },
    data: { fingerprint: wanted },
  });
}

/** The mesh's own tools have the last word on what was installed. */
export async function checkInstallation(context: LabContext): Promise<void> {
  const checks = context.mesh.cluster.checks(context.namespace);
  context.request.progress(`checking with ${checks.map(({ what }) => what).join(' and ')}`);
  await Promise.all(
    checks.map(async (check) => {
      const output = await meshCommand(context, check.program, check.args, check.what, 60_000);
      const problems = check.problems(output);
      if (problems.length > 0) throw environmentError(`${check.what} finds:\n${problems.join('\n')}`);
    }),
  );
}

function meshCommand(
  { found, run, cluster, request }: LabContext,
  program: string,
  args: readonly string[],
  what: string,
  timeoutMs: number,
): Promise<string> {
  return run(found.paths[program] ?? program, args, {
    what,
    timeoutMs,
    signal: request.signal,
    log: join(request.logs, `${program}.log`),
    env: { KUBECONFIG: cluster.kubeconfig },
  });
}
