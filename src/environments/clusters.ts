import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../kit/errors.ts';

/** Label that kind gives to the containers of a cluster. */
export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
/** What the name of a cluster begins with: that of one run (of the runs below `root`), and that stays for the next. */
export const clusterPrefix = {
  run: (root: string) => `breakwater-run-${createHash('sha256').update(root).digest('hex').slice(0, 6)}-`,
  kept: 'breakwater-keep-',
} as const;
const RECORD = 'cluster.json';

/** A cluster that a run uses, as it stands in the run's folder. */
export interface ClusterRecord {
  readonly name: string;
  /** Whether it stays when the run is over. */
  readonly kept: boolean;
  /** The docker that made it, for people to read. What runs is the configured one: a file is no reason to run a program. */
  readonly docker: string;
}

/** The docker that this command was told to use. */
export function configuredDocker(env: NodeJS.ProcessEnv = process.env): string {
  return env['BREAKWATER_KIND_DOCKER'] || 'docker';
}

export async function recordCluster(directory: string, record: ClusterRecord): Promise<void> {
  await writeFile(join(directory, RECORD), JSON.stringify(record));
}

export function readClusterRecord(directory: string): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RECORD), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Runs' folders below `root` that use the cluster. */
export function usersOfCluster(root: string, name: string): string[] {
  return (existsSync(root) ? readdirSync(root) : []).filter(
    (run) => readClusterRecord(join(root, run))?.name === name,
  );
}

/** Kind clusters of this machine's docker, by name; none where there is no docker. */
export function findClusters(docker: string): string[] {
  const said = spawnSync(
    docker,
    ['ps', '--all', '--filter', `label=${CLUSTER_LABEL}`, '--format', `{{.Label "${CLUSTER_LABEL}"}}`],
    { encoding: 'utf8', timeout: 20_000 },
  );
  return [...new Set((said.stdout ?? '').split('\n').filter(Boolean))];
}

/** Removes the containers of a kind cluster and their volumes; how many there were. Needs docker alone. */
export function deleteCluster({ name, docker }: Pick<ClusterRecord, 'name' | 'docker'>): number {
  const said = spawnSync(docker, ['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${name}`], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const containers = (said.stdout ?? '').split('\n').filter(Boolean);
  if (containers.length > 0) {
    spawnSync(docker, ['rm', '--force', '--volumes', ...containers], { stdio: 'ignore', timeout: 120_000 });
  }
  return containers.length;
}

/**
 * The same when the cluster was just being made: what docker was asked for before may still come. Throws
 * when there is no such docker, so that the cluster is not forgotten.
 */
export async function deleteClusterForGood(name: string, docker: string): Promise<void> {
  const { error } = spawnSync(docker, ['--version'], { stdio: 'ignore', timeout: 20_000 });
  if (error) {
    throw environmentError(
      `the cluster ${name} cannot be removed: ${docker} does not run (${error.message})`,
      'set BREAKWATER_KIND_DOCKER to the docker that has it, and run npx breakwater cleanup',
      error,
    );
  }
  for (let quiet = 0; quiet < 3; ) {
    quiet = deleteCluster({ name, docker }) === 0 ? quiet + 1 : 0;
    await sleep(400);
  }
}
