import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { environmentError } from '../../kit/errors.ts';
import { deleteCluster, listContainers, recordCluster } from '../../runs/clusters.ts';
import { type Run, type Saying, visibly } from '../kubernetes/commands.ts';
import { cannotHave } from './images.ts';
import { type KindSettings, kindVariables, versions } from './versions.ts';

/** Where the control plane and the clients run: never on a node that a fault may stop. */
export const observers = { 'node-role.kubernetes.io/control-plane': '' } as const;
export const isObserver = (node: string) => node.endsWith('-control-plane');

/** Ten times what docker gives the other nodes. */
const observerShares = '10240';

export interface ClusterRequest extends Saying {
  readonly name: string;
  readonly configuration: string;
  readonly settings: KindSettings;
  /** The run's own scratch folder. */
  readonly directory: string;
  readonly log: string;
  readonly keep: boolean;
  readonly run: Run;
  readonly signal: AbortSignal;
}

export interface KindCluster {
  readonly name: string;
  readonly kubeconfig: string;
  readonly nodes: readonly string[];
  /** Whether it was there before. */
  readonly reused: boolean;
  /** Whether it stays when the run is over. */
  readonly kept: boolean;
  readonly kindVersion: string;
}

/** The kind cluster of that name, made unless it is there whole. What is made half stands in the run's folder as not to be kept. */
export async function openCluster(request: ClusterRequest): Promise<KindCluster> {
  const { run, settings, name } = request;
  const kindVersion = await programs(request);
  const kubeconfig = join(request.directory, 'kubeconfig');
  const record = (kept: boolean) => recordCluster(request.directory, { name, kept }, settings.docker);
  const before = await clusterNodes(run, settings.docker, name);
  if (before.length > 0 && before.length === nodesOf(request.configuration)) {
    await record(request.keep);
    request.progress(`using the cluster ${name}`);
    await run(settings.kind, ['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], {
      what: 'kind export kubeconfig',
      timeoutMs: 30_000,
      signal: request.signal,
      log: request.log,
    });
    return { name, kubeconfig, nodes: before, reused: true, kept: request.keep, kindVersion };
  }
  // On disk before it is there: whoever ends this run, or finds its folder, knows what to remove.
  await record(false);
  if (before.length > 0) {
    request.progress(`removing the cluster ${name}, of which ${before.length} nodes are left`);
    await deleteCluster(name, settings.docker);
  }
  const nodes = await createCluster(request, kubeconfig);
  await record(request.keep);
  return { name, kubeconfig, nodes, reused: false, kept: request.keep, kindVersion };
}

/** Names of its nodes. */
async function createCluster(request: ClusterRequest, kubeconfig: string): Promise<string[]> {
  const { run, settings, name } = request;
  const file = join(request.directory, 'kind.yaml');
  await writeFile(file, request.configuration);
  await visibly(`creating the cluster ${name} (kind, ${settings.nodeImage})`, request, () =>
    run(
      settings.kind,
      [
        'create',
        'cluster',
        '--name',
        name,
        '--image',
        settings.nodeImage,
        '--config',
        file,
        '--kubeconfig',
        kubeconfig,
        '--wait',
        '120s',
      ],
      {
        what: 'kind create cluster',
        timeoutMs: 600_000,
        signal: request.signal,
        log: request.log,
        hint: (said) =>
          cannotHave(
            settings.nodeImage,
            said,
            `BREAKWATER_KIND_NODE_IMAGE (${kindVariables.NODE_IMAGE}) or BREAKWATER_KIND_REGISTRY`,
          ),
      },
    ),
  );
  const nodes = await clusterNodes(run, settings.docker, name);
  await preferObservers(request, nodes);
  return nodes;
}

/** How many nodes a kind configuration asks for; without a list, kind makes one. */
function nodesOf(configuration: string): number {
  const { nodes } = (parse(configuration) ?? {}) as { nodes?: readonly unknown[] };
  return nodes?.length ?? 1;
}

/**
 * When the machine is short of CPU, the node of the clients goes first: pods that are started again elsewhere
 * would make the generator late, and a run with a late generator is invalid.
 */
async function preferObservers(
  { run, settings, log }: ClusterRequest,
  nodes: readonly string[],
): Promise<void> {
  const observers = nodes.filter(isObserver);
  await run(settings.docker, ['update', '--cpu-shares', observerShares, ...observers], {
    what: 'docker update --cpu-shares',
    timeoutMs: 30_000,
    log,
  });
}

/** Containers of a kind cluster. */
async function clusterNodes(run: Run, docker: string, name: string): Promise<string[]> {
  const said = await run(docker, listContainers('{{.Names}}', name), {
    what: 'docker ps',
    timeoutMs: 20_000,
  });
  return said.split('\n').filter(Boolean);
}

/** Whether kind and docker are there and work, with what to do if not; the version of kind. */
async function programs({ run, settings, signal }: ClusterRequest): Promise<string> {
  await run(settings.docker, ['version', '--format', '{{.Server.Version}}'], {
    what: 'docker version',
    timeoutMs: 20_000,
    signal,
    hint: () => 'kind needs a running Docker: https://docs.docker.com/engine/install/, or use --env local',
  });
  const said = await run(settings.kind, ['version', '--quiet'], {
    what: 'kind version',
    timeoutMs: 20_000,
    signal,
    hint: () =>
      `go install sigs.k8s.io/kind@${versions.kind}, or name it with BREAKWATER_KIND_PROGRAM (${kindVariables.PROGRAM})`,
  });
  const found = `v${said.trim().replace(/^v/, '')}`;
  const minor = (version: string) => Number(version.split('.')[1]);
  if (!(minor(found) >= 20)) {
    throw environmentError(
      `${settings.kind} is ${found}; Breakwater is made for ${versions.kind}`,
      `go install sigs.k8s.io/kind@${versions.kind}`,
    );
  }
  return found;
}
