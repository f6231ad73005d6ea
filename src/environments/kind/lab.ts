import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, OperatorError } from '../../kit/errors.ts';
import { fingerprint } from '../../kit/fingerprint.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import {
  clusterPrefix,
  deleteRecorded,
  mortalCluster,
  readClusterRecord,
  recordCluster,
} from '../../runs/clusters.ts';
import { findLeftovers, liveRuns, runsDirectory } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { EnvironmentOptions, Lab, LabRequest } from '../contract.ts';
import { ClusterApi } from '../kubernetes/api.ts';
import { type Cluster, meshSettings } from '../kubernetes/cluster.ts';
import { commandRunner } from '../kubernetes/commands.ts';
import { nodesReady } from '../kubernetes/deployment.ts';
import { installMesh } from '../kubernetes/installation.ts';
import { KubernetesLab } from '../kubernetes/lab.ts';
import { mendControlPlane } from '../kubernetes/scaling.ts';
import { isObserver, type KindCluster, observers, openCluster } from './cluster.ts';
import { pathWithDocker } from './docker-path.ts';
import { buildApp, cannotPull, loadImages, type WantedImage } from './images.ts';
import { KindNodes } from './nodes.ts';
import { clusterConfiguration } from './topology.ts';
import { type KindSettings, kindSettings } from './versions.ts';

/** Makes a cluster or takes the kept one, and everything of a plan in it. */
export async function startKindLab(
  request: LabRequest,
  mesh: Mesh,
  programs: (topology: TopologyPlan) => Promise<HostPrograms>,
  options: EnvironmentOptions,
): Promise<Lab> {
  const settings = kindSettings(process.env);
  const { directory, progress, ongoing } = request;
  const run = commandRunner(directory, { PATH: await pathWithDocker(settings.docker, directory) });
  await mkdir(request.logs, { recursive: true });
  const configuration = await clusterConfiguration(request.topology, settings);
  const keep = options.keep ?? false;
  const name = keep
    ? clusterPrefix.kept + fingerprint(configuration, settings.nodeImage)
    : clusterPrefix.run(runsDirectory()) + fingerprint(request.runId);
  if (keep) await claimKept(name, request, settings.docker);
  const found = await programs(request.topology);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => deleteUnlessKept(request, settings.docker));
  const context = { run, settings, log: join(request.logs, 'kind.log'), progress, ongoing };
  const [made, app] = await bothOrNeither(request.signal, (signal) => [
    openCluster({ ...context, signal, name, configuration, directory, keep }),
    imageOfApp(options, { ...context, signal }),
  ]);
  const cluster = labCluster(made, settings, app);
  const api = stack.use(new ClusterApi(cluster.kubeconfig, request.runId));
  const nodes = stack.use(new KindNodes(run, settings.docker, cluster.nodes, (node) => api.renewLease(node)));
  const parts = (signal: AbortSignal) => ({
    request: { ...request, signal },
    mesh,
    found,
    run,
    cluster,
    api,
    nodes,
  });
  if (cluster.reused) {
    await nodes.mend();
    await mendControlPlane(api, mesh.cluster.controlPlane);
  }
  const images = wantedImages(cluster, mesh);
  const load = (wanted: readonly WantedImage[], signal: AbortSignal) =>
    loadImages({ ...context, signal }, name, api, wanted);
  await bothOrNeither(request.signal, (signal) => [
    nodesReady(parts(signal)),
    load(images.controlPlane, signal),
  ]);
  await bothOrNeither(request.signal, (signal) => [
    installMesh(parts(signal)),
    load(images.workloads, signal),
  ]);
  const lab = new KubernetesLab(parts(request.signal));
  stack.defer(() => lab.close());
  await lab.start();
  lab.releases = stack.move();
  return lab;
}

/** An operator's own, or the sample app's, which is built for it. */
const imageOfApp = async ({ app: [own] = [] }: EnvironmentOptions, context: Parameters<typeof buildApp>[0]) =>
  own ?? buildApp(context);

/** A kind cluster as a lab sees it. */
function labCluster(made: KindCluster, settings: KindSettings, app: string): Cluster {
  return {
    title: `the kept cluster ${made.name}`,
    kubeconfig: made.kubeconfig,
    nodes: made.nodes,
    observers,
    images: { app, k6: settings.k6Image },
    meshImages: settings.mesh,
    versions: { kind: made.kindVersion },
    reused: made.reused,
    kept: made.kept,
    startOver: 'remove the cluster with npx breakwater cleanup --kept',
    imageHint: cannotPull,
  };
}

/** What is needed where: for the control plane, and for all that is deployed after it. */
function wantedImages(cluster: Cluster, mesh: Mesh) {
  const images = mesh.cluster.images(meshSettings(cluster));
  const observing = cluster.nodes.filter(isObserver);
  const workers = cluster.nodes.filter((node) => !observing.includes(node));
  return {
    controlPlane: images.controlPlane.map((image) => ({ image, nodes: observing })),
    workloads: [
      ...images.sidecar.map((image) => ({ image, nodes: cluster.nodes })),
      { image: cluster.images.k6, nodes: observing },
      { image: cluster.images.app, nodes: workers },
    ],
  };
}

/** What cannot be removed now is left to the next command: the run's folder stays, and knows of it. */
async function deleteUnlessKept({ directory, progress, warn }: LabRequest, docker: string) {
  const name = mortalCluster(directory);
  if (name === undefined) return;
  progress(`deleting the cluster ${name}`);
  try {
    await deleteRecorded(directory, docker);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    warn(`${error.message}\n${error.hint}`);
  }
}

/**
 * Two runs on one kept cluster would break each other. Each says what it wants before it looks who else does, so
 * of two that begin at once at least one steps back.
 */
async function claimKept(name: string, { directory, runId }: LabRequest, docker: string) {
  await recordCluster(directory, { name, kept: true }, docker);
  const other = liveRuns().find(
    ({ root, id }) => id !== runId && readClusterRecord(join(root, id))?.name === name,
  );
  if (other) {
    throw environmentError(
      `${other.id} is using the kept cluster ${name}`,
      'wait for it to end, or run without --keep',
    );
  }
  const halfMade = findLeftovers().find(({ clusters }) => clusters.includes(name));
  if (halfMade) {
    throw environmentError(
      `${halfMade.runId} has left the cluster ${name} half made`,
      'npx breakwater cleanup removes it, or says why it cannot',
    );
  }
}

/** Runs two things at once; when one fails the other is stopped and waited for, so that nothing goes on behind. */
async function bothOrNeither<A, B>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const failed = new AbortController();
  const [one, other] = start(AbortSignal.any([signal, failed.signal]));
  const stopping = (error: unknown) => {
    if (!failed.signal.aborted) failed.abort(error);
    throw error;
  };
  await Promise.allSettled([one.catch(stopping), other.catch(stopping)]);
  if (failed.signal.aborted) throw failed.signal.reason;
  return [await one, await other];
}
