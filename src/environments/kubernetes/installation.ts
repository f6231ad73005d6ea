import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, type OperatorError } from '../../kit/errors.ts';
import { type NotYet, notYet } from '../../kit/eventually.ts';
import { fingerprint } from '../../kit/fingerprint.ts';
import { fullName, type InstalledMesh, type ToldMesh } from '../../meshes/contract.ts';
import { meshSettings } from './cluster.ts';
import { type CommandOptions, visibly } from './commands.ts';
import { type LabContext, type LabParts, visiblyUntil } from './context.ts';
import { containerProblem, deploymentEvents, standing } from './diagnose.ts';
import { podLabels, usable } from './made-anew.ts';
import { isReady, podName } from './pods.ts';

/** Configuration is with the sidecars in a second, but a control plane may take 40 to notice that a pod of before is gone. */
const checkTimeoutMs = 60_000;
const lookEveryMs = 1_000;
const deployTimeoutMs = 180_000;

/** In the mesh's namespace: which installation is there. */
const installedMark = 'breakwater-installation';

/** Brings the control plane into the cluster. */
export function installMesh(parts: LabParts): Promise<void> {
  const { control } = parts.mesh.cluster;
  return control.by === 'telling' ? deployControlPlane(parts, control) : runInstaller(parts, control);
}

/** Applies the control plane, and waits until its pod of this run is ready. */
async function deployControlPlane(parts: LabParts, control: ToldMesh): Promise<void> {
  const { request, api, mesh, cluster } = parts;
  const { namespace, deployment, labelSelector } = mesh.cluster.controlPlane;
  request.progress(`deploying ${fullName(mesh)}`);
  for (const object of control.objects(meshSettings(cluster), podLabels(mesh, request.runId))) {
    await api.apply(object);
  }
  const selector = usable(labelSelector, mesh, request.runId);
  const options = { waitingFor: deployment, timeoutMs: deployTimeoutMs, everyMs: 300 };
  await visiblyUntil(request, options, async () => {
    const pods = await api.pods(namespace, selector);
    if (pods.some(isReady)) return undefined;
    for (const pod of pods) {
      const problem = await containerProblem(pod, parts);
      if (problem) throw problem;
    }
    return notYet(standing(pods[0]));
  });
}

/** Installs the mesh unless just this installation is there. */
async function runInstaller(parts: LabParts, control: InstalledMesh): Promise<void> {
  const { request, api, mesh, cluster } = parts;
  const { namespace, deployment } = mesh.cluster.controlPlane;
  const command = await control.installation(meshSettings(cluster), request.directory);
  const wanted = fingerprint(command.configuration, mesh.version);
  const installed = await api.core
    .readNamespacedConfigMap({ name: installedMark, namespace })
    .then(({ data }) => data?.['fingerprint'])
    .catch(() => undefined);
  if (installed === wanted) return;
  // Whoever comes after an installation that failed has to make it anew.
  if (installed !== undefined) await api.core.deleteNamespacedConfigMap({ name: installedMark, namespace });
  try {
    await visibly(`installing ${fullName(mesh)} (${command.what})`, request, () =>
      unlessHopeless(parts, (signal) => meshCommand(parts, command, { timeoutMs: 300_000, signal })),
    );
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof Hopeless) throw error.problem;
    const pods = await api.pods(namespace, '').catch(() => []);
    for (const pod of pods) {
      const problem = await containerProblem(pod, parts);
      if (problem) throw problem;
    }
    const state = pods.map((pod) => `${podName(pod)}: ${standing(pod)}`).join('\n');
    const said = await deploymentEvents(api, namespace, deployment, pods);
    throw environmentError((error as Error).message, `${state}\n${said}`, error);
  }
  await api.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: installedMark, namespace },
    data: { fingerprint: wanted },
  });
}

/** Why an installer was stopped. */
class Hopeless extends Error {
  readonly problem: OperatorError;

  constructor(problem: OperatorError) {
    super(problem.message);
    this.problem = problem;
  }
}

/**
 * Looks at the pods that the installer makes while it waits for them, and stops it once one can never become
 * ready. Pods of an earlier installation may be what this one repairs.
 */
async function unlessHopeless<T>(parts: LabParts, install: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { api, mesh, request } = parts;
  const { namespace } = mesh.cluster.controlPlane;
  const pods = () => api.pods(namespace, '').catch(() => []);
  const earlier = new Set((await pods()).map(({ metadata }) => metadata?.uid));
  const stop = new AbortController();
  const done = new AbortController();
  const look = async () => {
    while (!stop.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: done.signal });
      for (const pod of await pods()) {
        const problem = earlier.has(pod.metadata?.uid) ? undefined : await containerProblem(pod, parts);
        if (problem && !done.signal.aborted) stop.abort(new Hopeless(problem));
      }
    }
  };
  const looking = look().catch(() => {});
  try {
    return await install(AbortSignal.any([request.signal, stop.signal]));
  } finally {
    done.abort();
    await looking;
  }
}

/**
 * The mesh's own tools, where it has any, have the last word on what was installed, and on whether every pod has its
 * configuration. Resolves with the versions of what runs: program → version.
 */
export async function checkInstallation(context: LabContext): Promise<Readonly<Record<string, string>>> {
  const { mesh, namespace, request, told } = context;
  const { control } = mesh.cluster;
  if (control.by === 'telling') return (await told?.versions()) ?? {};
  const checks = control.checks(namespace);
  const versions: Record<string, string> = {};
  request.progress(`checking with ${checks.map(({ what }) => what).join(', ')}`);
  for (const check of checks) {
    const options = {
      waitingFor: `${check.what} to find nothing`,
      timeoutMs: checkTimeoutMs,
      everyMs: 500,
    };
    const output = await visiblyUntil(request, options, () => findings(context, check));
    Object.assign(versions, check.versions?.(output));
  }
  return versions;
}

/**
 * What a check says when it finds nothing. What tells about any pod of the run has to tell about all, and may
 * change; anything else that is found stays.
 */
async function findings(context: LabContext, check: MeshCommand): Promise<string | NotYet> {
  const { roster, request } = context;
  const output = await meshCommand(context, check, {
    timeoutMs: 60_000,
    signal: request.signal,
    // A tool that has found something may say so with its exit code as well: istioctl analyze, 79.
    answered: (stdout) => stdout.trim() !== '' && check.problems(stdout).length > 0,
  });
  const problems = check.problems(output);
  const pods = roster.members.map(({ pod }) => podName(pod));
  const unknown = pods.filter((name) => !output.includes(name));
  const aboutPods = unknown.length < pods.length;
  if (aboutPods && problems.length + unknown.length > 0) {
    return notYet(`it finds\n${[...problems, ...unknown.map((name) => `${name} is not there`)].join('\n')}`);
  }
  if (problems.length > 0) throw environmentError(`${check.what} finds:\n${problems.join('\n')}`);
  return output;
}

type MeshCommand = ReturnType<InstalledMesh['checks']>[number];

function meshCommand(
  { found, run, cluster, request }: LabParts,
  { program, args, what }: MeshCommand,
  options: Pick<CommandOptions, 'timeoutMs' | 'signal' | 'answered'>,
): Promise<string> {
  return run(found.paths[program] ?? program, args, {
    ...options,
    what,
    log: join(request.logs, `${program}.log`),
    env: { KUBECONFIG: cluster.kubeconfig },
  });
}
