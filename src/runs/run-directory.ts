import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { isSameProcess, processesWith, processIdentity, signalGroup } from '../kit/process-identity.ts';
import { PROCESS_RECORDS, type ProcessRecord } from '../kit/supervisor/protocol.ts';
import {
  clusterPrefix,
  configuredDocker,
  deleteRecorded,
  findClusters,
  mortalCluster,
  readClusterRecord,
} from './clusters.ts';
import { recordedDaemon, removeContainers, runsWithContainers } from './containers.ts';
import { findDaemon } from './docker-daemon.ts';

const OWNER = 'owner.json';
/** What the name of a folder begins with until its owner stands in it. */
const UNFINISHED = '.new-';
/** Writing one small file takes milliseconds; after this long its writer has died. */
const unfinishedForMs = 60_000;
/** In the environment of every program of a run: the run's folder, so that it can be found when that is gone. */
export const RUN_MARK = 'BREAKWATER_RUN';

interface Owner {
  readonly pid: number;
  readonly identity: string | undefined;
  readonly what: string;
}

/**
 * Scratch folders of this user's runs. Short: Unix sockets below it may have 108 characters. Its name can
 * be guessed, so it is used only when nobody else can have put anything in it.
 */
export function runsDirectory(): string {
  const path = runsFolder();
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  const refuse = (why: string) =>
    environmentError(
      `the folder of runs, ${path}, ${why}`,
      'set BREAKWATER_RUNS to a folder that is yours alone, or remove this one if nobody needs it',
    );
  if (!found.isDirectory()) throw refuse('is no folder but a file or a link');
  const self = process.getuid?.();
  if (self !== undefined && found.uid !== self) throw refuse(`belongs to user ${found.uid}, not to you`);
  // Like /tmp itself: whoever named it here must not lock everybody out.
  if (found.mode & 0o1000) throw refuse('is shared between users');
  // Read by all it may be: what a run has in it is closed. To look at it changes nothing.
  // Windows has no such modes, and a folder of temporary files for each user.
  if (self !== undefined && found.mode & 0o022)
    throw refuse(`may be written to by others; chmod go-w ${path} ends that`);
  return path;
}

/** Path of the same folder, whatever is there. */
export function runsFolder(): string {
  return (
    process.env['BREAKWATER_RUNS'] ||
    join(tmpdir(), `breakwater-${process.getuid?.() ?? userInfo().username}`)
  );
}

export interface RunDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes the scratch folder of a run, with its owner in it from the start; disposing removes it. */
export async function createRunDirectory(runId: string, what: string): Promise<RunDirectory> {
  await makeFolder(runsDirectory(), 0o700);
  // Looked at again: somebody else may have been faster to make it.
  const root = runsDirectory();
  const unfinished = join(root, UNFINISHED + runId);
  try {
    // Without a pause: what is killed in here leaves a folder that nobody owns.
    mkdirSync(unfinished, { mode: 0o700 });
    writeOwner(unfinished, what);
    renameSync(unfinished, join(root, runId));
  } catch (error) {
    await removeFolder(unfinished);
    throw error;
  }
  return owned(join(root, runId));
}

/** The folder that another process has made for a run, which from now on is this process's to remove. */
export async function takeOverRunDirectory(runId: string, what: string): Promise<RunDirectory> {
  const path = join(runsDirectory(), runId);
  writeOwner(path, what);
  return owned(path);
}

/** Removes the folder in the end, unless another process has taken it over, or it knows of a cluster that is still there. */
function owned(path: string): RunDirectory {
  return {
    path,
    async [Symbol.asyncDispose]() {
      const owner = readOwner(path);
      if (owner && owner.pid !== process.pid) return;
      if (mortalCluster(path) !== undefined) return;
      await removeFolder(path);
    },
  };
}

function writeOwner(directory: string, what: string): void {
  const owner: Owner = { pid: process.pid, identity: processIdentity(process.pid), what };
  const written = join(directory, `${OWNER}.${process.pid}`);
  writeFileSync(written, JSON.stringify(owner));
  // Whole or not at all: a reader that sees half a file takes the run for dead.
  renameSync(written, join(directory, OWNER));
}

function readOwner(directory: string): Owner | undefined {
  return readJson<Owner>(join(directory, OWNER));
}

function isAlive(directory: string): boolean {
  const owner = readOwner(directory);
  return owner !== undefined && isSameProcess(owner.pid, owner.identity);
}

function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/**
 * Runs in the folder of runs, without those that are being made right now. What has no owner's file is nobody's
 * run: whoever names a folder with other things in it must not lose them.
 */
function runIds(root: string): string[] {
  return (lstatSync(root, { throwIfNoEntry: false }) ? readdirSync(root) : []).filter((name) => {
    if (!name.startsWith(UNFINISHED)) return existsSync(join(root, name, OWNER));
    const found = lstatSync(join(root, name), { throwIfNoEntry: false });
    return found !== undefined && Date.now() - found.mtimeMs > unfinishedForMs;
  });
}

/** Runs whose harness is alive: their ids, and the folder they are in. */
export function liveRuns(): { readonly root: string; readonly id: string }[] {
  const root = runsDirectory();
  return runIds(root).flatMap((id) => (isAlive(join(root, id)) ? [{ root, id }] : []));
}

/** What a run that is no more has left behind. */
export interface Leftover {
  readonly runId: string;
  readonly what: string;
  readonly directory: string;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Kind clusters, by name. */
  readonly clusters: readonly string[];
}

/** Runs whose harness is gone, and processes of runs that nobody knows any more. */
export function findLeftovers(): Leftover[] {
  const root = runsDirectory();
  const marked = markedProcesses(root);
  const leftovers: Leftover[] = [];
  for (const runId of runIds(root)) {
    const directory = join(root, runId);
    const own = marked.get(runId) ?? [];
    marked.delete(runId);
    if (isAlive(directory)) continue;
    const recorded = readLines<ProcessRecord>(join(directory, PROCESS_RECORDS)).filter((record) =>
      isSameProcess(record.pid, record.identity),
    );
    const known = new Set(recorded.map(({ pid }) => pid));
    leftovers.push({
      runId,
      what: readOwner(directory)?.what ?? 'unknown',
      directory,
      clusters: [mortalCluster(directory)].filter((name) => name !== undefined),
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

/**
 * Ends the processes of a leftover by id and removes its folder. False, and nothing done, when the run
 * turns out to be alive: a lab is handed from the process that starts it to the one that keeps it.
 */
export async function removeLeftover(leftover: Leftover): Promise<boolean> {
  if (isAlive(leftover.directory)) return false;
  for (const { pid } of leftover.processes) {
    signalGroup(pid, 'SIGKILL');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone with its group
    }
  }
  // A kept cluster that was half made may have been made anew since.
  const inUse = liveRuns().some(({ root, id }) =>
    leftover.clusters.includes(readClusterRecord(join(root, id))?.name ?? ''),
  );
  if (!inUse) await deleteRecorded(leftover.directory, configuredDocker());
  const daemon = recordedDaemon(leftover.directory);
  if (daemon !== undefined) await removeContainers(daemon, leftover.runId);
  await removeFolder(leftover.directory);
  return true;
}

/** Clusters of this user's docker that no run's folder knows any more, and those that were kept. */
export async function strayClusters(
  docker: string,
): Promise<{ readonly lost: string[]; readonly kept: string[] }> {
  const root = runsDirectory();
  // Docker first: a run says what it makes before it makes it.
  const there = await findClusters(docker);
  const known = new Set([
    ...liveRuns().map(({ id }) => readClusterRecord(join(root, id))?.name),
    // Those of runs that are no more are leftovers of theirs.
    ...runIds(root).map((id) => mortalCluster(join(root, id))),
  ]);
  const clusters = there.filter((name) => !known.has(name));
  return {
    lost: clusters.filter((name) => name.startsWith(clusterPrefix.run(root))),
    kept: clusters.filter((name) => name.startsWith(clusterPrefix.kept)),
  };
}

/** Runs that have something in Docker, and that no folder knows any more. */
export async function strayContainers(): Promise<string[]> {
  const root = runsDirectory();
  // Docker first: a run says what it makes before it makes it.
  const there = await runsWithContainers(root);
  const known = new Set([...liveRuns().map(({ id }) => id), ...runIds(root)]);
  return there.filter((runId) => !known.has(runId));
}

/** Removes what such a run has in Docker. */
export async function removeStray(runId: string): Promise<boolean> {
  const daemon = findDaemon();
  if (daemon === undefined) return false;
  await removeContainers(daemon, runId);
  return true;
}

/** Linux tells the environment a process was started with; elsewhere only the records count. */
function markedProcesses(root: string): Map<string, { name: string; pid: number }[]> {
  const found = new Map<string, { name: string; pid: number }[]>();
  for (const { pid, name, value: folder } of processesWith(RUN_MARK)) {
    // Runs below another folder are somebody else's, who may be alive.
    if (dirname(folder) !== root) continue;
    const runId = basename(folder);
    found.set(runId, [...(found.get(runId) ?? []), { name, pid }]);
  }
  // A live run's programs are marked too: leave those whose folder has a live owner to findLeftovers.
  for (const runId of found.keys()) {
    if (isAlive(join(root, runId))) found.delete(runId);
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
