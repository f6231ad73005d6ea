import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isSameProcess, processIdentity, signalGroup } from '../kit/process-identity.ts';
import { PROCESS_RECORDS, type ProcessRecord } from '../kit/supervisor/protocol.ts';
import { clusterPrefix, deleteClusterForGood, findClusters, readClusterRecord } from './clusters.ts';

const OWNER = 'owner.json';
/** In the environment of every program of a run: the run's folder, so that it can be found when that is gone. */
export const RUN_MARK = 'BREAKWATER_RUN';

interface Owner {
  readonly pid: number;
  readonly identity: string | undefined;
  readonly what: string;
}

/** Scratch folders of this user's runs. Short: Unix sockets below it may have 108 characters. */
export function runsDirectory(): string {
  return process.env['BREAKWATER_RUNS'] ?? join(tmpdir(), `breakwater-${userInfo().uid}`);
}

export interface RunDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes the scratch folder of a run and says in it whose it is; disposing removes it. */
export async function createRunDirectory(runId: string, what: string): Promise<RunDirectory> {
  const path = join(runsDirectory(), runId);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const owner: Owner = { pid: process.pid, identity: processIdentity(process.pid), what };
  await writeFile(join(path, OWNER), JSON.stringify(owner));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** Runs whose harness is alive: their ids, and the folder they are in. */
export function liveRuns(): { readonly root: string; readonly id: string }[] {
  const root = runsDirectory();
  return (existsSync(root) ? readdirSync(root) : []).flatMap((id) => {
    const owner = readJson<Owner>(join(root, id, OWNER));
    return owner && isSameProcess(owner.pid, owner.identity) ? [{ root, id }] : [];
  });
}

/** What a run that is no more has left behind. */
export interface Leftover {
  readonly runId: string;
  readonly what: string;
  readonly directory: string;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Kind clusters, with the docker that has them. */
  readonly clusters: readonly { readonly name: string; readonly docker: string }[];
}

/** Runs whose harness is gone, and processes of runs that nobody knows any more. */
export function findLeftovers(): Leftover[] {
  const root = runsDirectory();
  const marked = markedProcesses();
  const leftovers: Leftover[] = [];
  for (const runId of existsSync(root) ? readdirSync(root) : []) {
    const directory = join(root, runId);
    const owner = readJson<Owner>(join(directory, OWNER));
    const own = marked.get(runId) ?? [];
    marked.delete(runId);
    if (owner && isSameProcess(owner.pid, owner.identity)) continue;
    const recorded = readLines<ProcessRecord>(join(directory, PROCESS_RECORDS)).filter((record) =>
      isSameProcess(record.pid, record.identity),
    );
    const known = new Set(recorded.map(({ pid }) => pid));
    leftovers.push({
      runId,
      what: owner?.what ?? 'unknown',
      directory,
      clusters: abandoned(directory),
      processes: [...recorded, ...own.filter(({ pid }) => !known.has(pid))].map(({ name, pid }) => ({
        name,
        pid,
      })),
    });
  }
  for (const [runId, processes] of marked) {
    leftovers.push({ runId, what: 'unknown', directory: join(root, runId), processes, clusters: [] });
  }
  return leftovers;
}

/** Ends the processes of a leftover by id and removes its folder. */
export async function removeLeftover(leftover: Leftover): Promise<void> {
  for (const { pid } of leftover.processes) {
    signalGroup(pid, 'SIGKILL');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone with its group
    }
  }
  for (const cluster of leftover.clusters) await deleteClusterForGood(cluster);
  await rm(leftover.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** The cluster of a dead run, unless it was to stay. */
function abandoned(directory: string): Leftover['clusters'] {
  const record = readClusterRecord(directory);
  return record === undefined || record.kept ? [] : [{ name: record.name, docker: record.docker }];
}

/** Clusters of this user's docker that no run's folder knows any more, and those that were kept. */
export function strayClusters(docker: string): { readonly lost: string[]; readonly kept: string[] } {
  const root = runsDirectory();
  const known = new Set(
    (existsSync(root) ? readdirSync(root) : []).map((run) => readClusterRecord(join(root, run))?.name),
  );
  const clusters = findClusters(docker).filter((name) => !known.has(name));
  return {
    lost: clusters.filter((name) => name.startsWith(clusterPrefix.run(root))),
    kept: clusters.filter((name) => name.startsWith(clusterPrefix.kept)),
  };
}

/** Linux tells the environment a process was started with; elsewhere only the records count. */
function markedProcesses(): Map<string, { name: string; pid: number }[]> {
  const found = new Map<string, { name: string; pid: number }[]>();
  if (process.platform !== 'linux') return found;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      const folder = new RegExp(`(?:^|\0)${RUN_MARK}=([^\0]+)`).exec(environment)?.[1];
      // Runs below another folder are somebody else's, who may be alive.
      const runId = folder && dirname(folder) === runsDirectory() ? basename(folder) : undefined;
      if (runId === undefined || processIdentity(Number(entry)) === undefined) continue;
      const name = readFileSync(`/proc/${entry}/comm`, 'utf8').trim();
      found.set(runId, [...(found.get(runId) ?? []), { name, pid: Number(entry) }]);
    } catch {
      // ended meanwhile, or another user's
    }
  }
  // A live run's programs are marked too: leave those whose folder has a live owner to findLeftovers.
  for (const runId of found.keys()) {
    const owner = readJson<Owner>(join(runsDirectory(), runId, OWNER));
    if (owner && isSameProcess(owner.pid, owner.identity)) found.delete(runId);
  }
  return found;
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function readLines<T>(path: string): T[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .flatMap((line) => {
        try {
          return [JSON.parse(line)];
        } catch {
          return []; // torn by a crash
        }
      });
  } catch {
    return [];
  }
}
