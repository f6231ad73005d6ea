import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../kit/errors.ts';
import { howItEnded, runProgram } from '../kit/run-program.ts';

/** Label that kind gives to the containers of a cluster. */
const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
/** What the name of a cluster begins with: that of one run (of the runs below `root`), and that stays for the next. */
export const clusterPrefix = {
  run: (root: string) => `breakwater-run-${createHash('sha256').update(root).digest('hex').slice(0, 6)}-`,
  kept: 'breakwater-keep-',
} as const;
const RECORD = 'cluster.json';

const lookTimeoutMs = 20_000;
const removeTimeoutMs = 60_000;
/** What docker was asked for before a run was killed may still come for a moment. */
const quietLooks = 3;
const lookEveryMs = 400;

/** A cluster that a run uses, as it stands in the run's folder until it is gone. */
export interface ClusterRecord {
  readonly name: string;
  /** Whether it stays when the run is over. */
  readonly kept: boolean;
}

/** docker's own variables that say which daemon answers; a context can also be chosen in docker's own files. */
const daemonVariables = ['DOCKER_HOST', 'DOCKER_CONTEXT'] as const;

/** Variable → value of all in the environment that decides which docker makes clusters, and removes them. */
function dockerOf(docker: string): Record<string, string> {
  const daemon = daemonVariables.map((name) => [name, process.env[name] ?? '']);
  return { ...Object.fromEntries(daemon), BREAKWATER_KIND_DOCKER: docker };
}

/** As it stands in the file. */
interface StoredRecord extends ClusterRecord {
  /**
   * The docker that made it. What runs is the configured one: a file is no reason to run a program. Records of
   * earlier versions have none.
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What to ask docker for a line in this format of every container of this kind cluster, or of all. */
export function listContainers(format: string, cluster?: string): string[] {
  const label = cluster === undefined ? CLUSTER_LABEL : `${CLUSTER_LABEL}=${cluster}`;
  return ['ps', '--all', '--filter', `label=${label}`, '--format', format];
}

/** The docker that this command was told to use. */
export function configuredDocker(env: NodeJS.ProcessEnv = process.env): string {
  return env['BREAKWATER_KIND_DOCKER'] || 'docker';
}

export async function recordCluster(directory: string, record: ClusterRecord, docker: string): Promise<void> {
  // Whole or not at all: half a record is no record to who reads it meanwhile.
  const written = join(directory, `${RECORD}.new`);
  const stored: StoredRecord = { ...record, variables: dockerOf(docker) };
  await writeFile(written, JSON.stringify(stored));
  await rename(written, join(directory, RECORD));
}

export function readClusterRecord(directory: string): StoredRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RECORD), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The cluster of a run that must not outlive it. */
export function mortalCluster(directory: string): string | undefined {
  const record = readClusterRecord(directory);
  return record === undefined || record.kept ? undefined : record.name;
}

/** Deletes the cluster of a run unless it is to stay. When that fails its record stays in the run's folder. */
export async function deleteRecorded(directory: string, docker: string): Promise<void> {
  const record = readClusterRecord(directory);
  if (record === undefined || record.kept) return;
  const { name, variables: made = {} } = record;
  const used = dockerOf(docker);
  const other = Object.keys(made).filter((variable) => made[variable] !== used[variable]);
  if (other.length > 0) {
    // To another docker there is nothing to remove.
    const settings = (of: Readonly<Record<string, string>>) =>
      other.map((variable) => `${variable}=${of[variable]}`).join(' ');
    throw environmentError(
      `the cluster ${name} was made with ${settings(made)}, and this command uses ${settings(used)}`,
      `${settings(made)} npx breakwater cleanup removes it; if that docker is gone for good, remove ${directory}`,
    );
  }
  await deleteCluster(name, docker);
  // Another command may have been faster.
  await rm(join(directory, RECORD), { force: true });
}

/** Kind clusters of this machine's docker, by name; none where there is no docker. Throws when it does not answer. */
export async function findClusters(docker: string): Promise<string[]> {
  const names = listContainers(`{{.Label "${CLUSTER_LABEL}"}}`);
  const said = await ask(docker, names, lookTimeoutMs).catch((error: Error) => {
    if (error instanceof NoDocker) return '';
    throw environmentError(`clusters were not looked for: ${error.message}`, undefined, error);
  });
  return [...new Set(said.split('\n').filter(Boolean))];
}

/**
 * Removes the containers of a kind cluster and their volumes, and looks until none comes any more. Needs docker
 * alone. Throws when docker does not answer, or when something of the cluster is still there after a minute.
 */
export async function deleteCluster(name: string, docker: string): Promise<void> {
  const deadline = performance.now() + removeTimeoutMs;
  const containers = listContainers('{{.ID}}', name);
  let refusal = '';
  try {
    for (let quiet = 0; quiet < quietLooks; await sleep(lookEveryMs)) {
      const there = (await ask(docker, containers, lookTimeoutMs)).split('\n').filter(Boolean);
      quiet = there.length === 0 ? quiet + 1 : 0;
      if (there.length === 0) continue;
      if (performance.now() > deadline) {
        throw new Error(`${there.length} containers are still there\n${refusal}`);
      }
      await ask(docker, ['rm', '--force', '--volumes', ...there], removeTimeoutMs).catch((error: Error) => {
        refusal = error.message;
      });
    }
  } catch (error) {
    throw environmentError(
      `the cluster ${name} could not be removed: ${(error as Error).message.trim()}`,
      'it is removed by the next run, or by npx breakwater cleanup, once docker lets it go; BREAKWATER_KIND_DOCKER names another docker',
      error,
    );
  }
}

class NoDocker extends Error {}

/** What docker prints; an error with its own words when it does not do what it was asked for. */
async function ask(docker: string, args: readonly string[], timeoutMs: number): Promise<string> {
  // In a group of its own: a Ctrl-C in the terminal is for the harness, which then removes what there is.
  const result = await runProgram({ program: docker, args, group: 'own', timeoutMs });
  switch (result.ended) {
    case 'ok':
      return result.stdout;
    case 'missing':
      throw new NoDocker(`there is no ${docker}`);
    case 'timeout':
      throw new Error(`no answer within ${timeoutMs / 1_000} s`);
    default:
      throw new Error(result.stderr.trim() || `${docker} ${howItEnded(result)}`);
  }
}
