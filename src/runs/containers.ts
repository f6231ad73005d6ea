import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../kit/errors.ts';
import { askDaemon, type DockerDaemon, findDaemon } from './docker-daemon.ts';

/** On everything that a lab makes in Docker: its run, and the folder of runs that knows it. */
export const containerLabels = { run: 'breakwater.run', runs: 'breakwater.runs' } as const;

const lookTimeoutMs = 15_000;
const removeTimeoutMs = 30_000;
const lookEveryMs = 200;
/** What was asked for when its harness died may come a moment later. */
const quietLooks = 5;

/** What Docker has of runs: networks, volumes and containers. */
const kinds = [
  { list: '/containers/json?all=true&', one: '/containers', remove: '?force=true&v=true' },
  { list: '/networks?', one: '/networks', remove: '' },
  { list: '/volumes?', one: '/volumes', remove: '?force=true' },
] as const;

interface Listed {
  readonly Id?: string;
  readonly Name?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** What is there with a label, or with one of this value: paths at which it is removed, and whose it is. */
async function labelled(daemon: DockerDaemon, label: string) {
  const filters = `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;
  const found: { readonly path: string; readonly run: string }[] = [];
  // In this order: a network goes only when nothing is in it any more.
  for (const { list, one, remove } of kinds) {
    const { status, body } = await askDaemon(daemon, { path: `${list}${filters}`, timeoutMs: lookTimeoutMs });
    if (status !== 200) throw new Error(`${daemon.host} answered ${status}: ${body.slice(0, 200)}`);
    const answer = JSON.parse(body) as readonly Listed[] | { readonly Volumes?: readonly Listed[] | null };
    for (const { Id, Name, Labels } of 'Volumes' in answer ? (answer.Volumes ?? []) : (answer as Listed[])) {
      found.push({ path: `${one}/${Id ?? Name}${remove}`, run: Labels?.[containerLabels.run] ?? '' });
    }
  }
  return found;
}

/**
 * Removes every container, network and volume of a run, and looks until none comes any more. Throws when the daemon
 * does not answer, or when something is still there after half a minute.
 */
export async function removeContainers(daemon: DockerDaemon, runId: string): Promise<void> {
  const deadline = performance.now() + removeTimeoutMs;
  let refusal = '';
  try {
    for (let quiet = 0; quiet < quietLooks; ) {
      const found = await labelled(daemon, `${containerLabels.run}=${runId}`);
      quiet = found.length === 0 ? quiet + 1 : 0;
      if (found.length > 0 && performance.now() > deadline) {
        throw new Error(`${found.length} things are still there; ${refusal}`);
      }
      for (const kind of kinds) {
        const own = found.filter(({ path }) => path.startsWith(`${kind.one}/`));
        await Promise.all(
          own.map(async ({ path }) => {
            const { status, body } = await askDaemon(daemon, {
              method: 'DELETE',
              path,
              timeoutMs: removeTimeoutMs,
            });
            if (status >= 400 && status !== 404) refusal = body.trim();
          }),
        );
      }
      if (quiet < quietLooks) await sleep(found.length === 0 ? lookEveryMs : 0);
    }
  } catch (error) {
    throw environmentError(
      `the containers of ${runId} could not be removed: ${(error as Error).message.trim()}`,
      'the next run removes them, or npx breakwater cleanup, once Docker lets them go',
      error,
    );
  }
}

const RECORD = 'docker.json';

/** Says in a run's folder which daemon it uses: on disk before it makes anything there. */
export async function recordDaemon(directory: string, daemon: DockerDaemon): Promise<void> {
  // Whole or not at all: half a record is no record to who reads it meanwhile.
  const written = join(directory, `${RECORD}.new`);
  await writeFile(written, JSON.stringify(daemon));
  await rename(written, join(directory, RECORD));
}

/** The daemon that a run uses; undefined for one that uses none. */
export function recordedDaemon(directory: string): DockerDaemon | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RECORD), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Runs of this folder of runs of which a daemon has something; none where no daemon answers. */
export async function runsWithContainers(root: string): Promise<string[]> {
  try {
    const daemon = findDaemon();
    if (daemon === undefined) return [];
    const found = await labelled(daemon, `${containerLabels.runs}=${root}`);
    return [...new Set(found.map(({ run }) => run))];
  } catch {
    // Who has no lab in containers has no use for a daemon.
    return [];
  }
}
