import { Command } from 'commander';
import type { EnvironmentName } from '../environments/index.ts';
import { environmentError, OperatorError } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import type { Progress } from '../kit/terminal.ts';
import { visibleLines } from '../kit/visible.ts';
import { configuredDocker, deleteCluster } from '../runs/clusters.ts';
import {
  findLeftovers,
  type Leftover,
  removeLeftover,
  removeStray,
  strayClusters,
  strayContainers,
} from '../runs/run-directory.ts';

interface CleanupOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly kept?: boolean;
}

export function cleanupCommand(): Command {
  return new Command('cleanup')
    .description(
      'Find and remove what crashed runs have left behind: processes, containers, clusters and scratch folders.',
    )
    .option('--dry-run', 'only say what would be removed')
    .option('--kept', 'remove the clusters that runs with --keep have left, too')
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
A run ends what it started by itself, on the local lab even when it is killed. This is for what a crash
of the machine, or of a run on kind, may leave. Runs that are alive are not touched. The next run does the
same by itself.
Exit code 4 when something cannot be removed.

Examples:
  $ npx breakwater cleanup
  $ npx breakwater cleanup --dry-run --json`,
    )
    .action(cleanUp);
}

async function cleanUp(options: CleanupOptions): Promise<void> {
  const docker = configuredDocker();
  const stray = await strayClusters(docker).catch((error: unknown) => {
    // Who has no cluster has no use for docker.
    if (!(error instanceof OperatorError) || options.kept) throw error;
    process.stderr.write(`${visibleLines(error.message)}\n`);
    return { lost: [], kept: [] };
  });
  const found = {
    leftovers: findLeftovers(),
    containersOf: await strayContainers(),
    clusters: [...stray.lost, ...(options.kept ? stray.kept : [])],
  };
  const { leftovers, clusters, containersOf, errors } = options.dryRun
    ? { ...found, errors: [] }
    : await remove(found, docker);
  if (options.json) {
    const objects = [
      ...leftovers,
      ...clusters.map((cluster) => ({ cluster })),
      ...containersOf.map((run) => ({ containersOf: run })),
    ];
    printJson(objects);
  } else {
    const verb = options.dryRun ? 'would remove' : 'removed';
    const lines = [
      ...leftovers.map(
        (each) => `${verb} ${each.runId} (${each.what}): ${contents(each)}, ${each.directory}`,
      ),
      ...clusters.map((name) => `${verb} the cluster ${name}`),
      ...containersOf.map((runId) => `${verb} the containers of ${runId}, which no folder knows any more`),
    ];
    if (lines.length + errors.length === 0) lines.push('Nothing was left behind.');
    if (!options.kept) {
      lines.push(...stray.kept.map((name) => `the cluster ${name} was kept; cleanup --kept removes it`));
    }
    for (const line of lines) print(`${line}\n`);
  }
  if (errors.length === 0) return;
  const unknown = errors.find((error) => !(error instanceof OperatorError));
  if (unknown !== undefined) throw unknown;
  const [first] = errors as OperatorError[];
  throw environmentError(
    (errors as OperatorError[]).map(({ message }) => message).join('\n'),
    first?.hint,
    first,
  );
}

interface Found {
  readonly leftovers: readonly Leftover[];
  readonly clusters: readonly string[];
  /** Ids of runs of which nothing but containers is left. */
  readonly containersOf: readonly string[];
}

/** What was removed. One thing that cannot be does not keep the others. */
async function remove(
  found: Found,
  docker: string,
): Promise<Found & { readonly errors: readonly unknown[] }> {
  const errors: unknown[] = [];
  const removed = async <T>(things: readonly T[], how: (thing: T) => Promise<boolean>) => {
    const done = things.map((thing) =>
      how(thing).catch((error: unknown) => {
        errors.push(error);
        return false;
      }),
    );
    const gone = await Promise.all(done);
    return things.filter((_, index) => gone[index]);
  };
  const [leftovers, clusters, containersOf] = await Promise.all([
    removed(found.leftovers, removeLeftover),
    removed(found.clusters, (name) => removeCluster(name, docker)),
    removed(found.containersOf, removeStray),
  ]);
  return { leftovers, clusters, containersOf, errors };
}

/** As removeLeftover: whether it was removed. */
async function removeCluster(name: string, docker: string): Promise<boolean> {
  await deleteCluster(name, docker);
  return true;
}

function contents({ processes, clusters }: Leftover): string {
  const found = [
    ...processes.map(({ name, pid }) => `${name} (${pid})`),
    ...clusters.map((name) => `cluster ${name}`),
  ];
  return found.join(', ') || 'no processes';
}

/**
 * Before something new starts: removes leftovers and says so, and of the environments that are about to be used what
 * no folder knows any more.
 */
export async function sweepLeftovers(
  progress: Progress,
  signal: AbortSignal,
  environments: readonly EnvironmentName[] = [],
): Promise<void> {
  for (const leftover of findLeftovers()) {
    signal.throwIfAborted();
    await sweep(described(leftover), progress, () => removeLeftover(leftover));
  }
  for (const runId of environments.includes('docker') ? await strayContainers() : []) {
    signal.throwIfAborted();
    const what = `the containers of ${runId}, which no folder knows any more`;
    await sweep(what, progress, () => removeStray(runId));
  }
  if (!environments.includes('kind')) return;
  const docker = configuredDocker();
  // A docker that does not answer stops who needs it soon enough.
  const { lost } = await strayClusters(docker).catch(() => ({ lost: [] }));
  for (const name of lost) {
    signal.throwIfAborted();
    const what = `the cluster ${name}, which no run knows any more`;
    await sweep(what, progress, () => removeCluster(name, docker));
  }
}

async function sweep(what: string, progress: Progress, remove: () => Promise<boolean>): Promise<void> {
  progress.step(`removing ${what}`);
  try {
    if (await remove()) progress.note(`removed ${what}`);
  } catch (error) {
    // What an old run has left is no reason for a new one to fail.
    if (!(error instanceof OperatorError)) throw error;
    progress.warn(`left ${what}: ${error.message}; ${error.hint}`);
  }
}

function described({ runId, processes, clusters }: Leftover): string {
  const cluster = clusters.length > 0 ? `cluster ${clusters.join(', ')}, ` : '';
  return `what ${runId} had left behind (${processes.length} processes, ${cluster}1 folder)`;
}
