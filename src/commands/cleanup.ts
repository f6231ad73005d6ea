import { Command } from 'commander';
import { configuredDocker, deleteCluster } from '../environments/clusters.ts';
import {
  findLeftovers,
  type Leftover,
  removeLeftover,
  strayClusters,
} from '../environments/run-directory.ts';
import { OperatorError } from '../kit/errors.ts';
import type { Progress } from '../kit/terminal.ts';

export function cleanupCommand(): Command {
  return new Command('cleanup')
    .description(
      'Find and remove what crashed runs have left behind: processes, clusters and scratch folders.',
    )
    .option('--dry-run', 'only say what would be removed')
    .option('--kept', 'remove the clusters that runs with --keep have left, too')
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
A run ends what it started by itself, even when it is killed. This is for what a crash of the machine,
or of Breakwater and its supervisor at once, may leave. Runs that are alive are not touched.

Examples:
  $ npx breakwater cleanup
  $ npx breakwater cleanup --dry-run --json`,
    )
    .action(async (options: { dryRun?: boolean; json?: boolean; kept?: boolean }) => {
      const found = findLeftovers();
      const docker = configuredDocker();
      const stray = strayClusters(docker);
      const clusters = [...stray.lost, ...(options.kept ? stray.kept : [])];
      const leftovers = options.dryRun ? found : await removeAll(found);
      if (!options.dryRun) {
        for (const name of clusters) deleteCluster({ name, docker });
      }
      if (options.json) {
        process.stdout.write(
          `${JSON.stringify([...leftovers, ...clusters.map((cluster) => ({ cluster }))], null, 2)}\n`,
        );
        return;
      }
      if (leftovers.length === 0 && clusters.length === 0) process.stdout.write('Nothing was left behind.\n');
      const verb = options.dryRun ? 'would remove' : 'removed';
      for (const leftover of leftovers) {
        process.stdout.write(
          `${verb} ${leftover.runId} (${leftover.what}): ${contents(leftover)}, ${leftover.directory}\n`,
        );
      }
      for (const name of clusters) process.stdout.write(`${verb} the cluster ${name}\n`);
      for (const name of options.kept ? [] : stray.kept) {
        process.stdout.write(`the cluster ${name} was kept; cleanup --kept removes it\n`);
      }
    });
}

function contents({ processes, clusters }: Leftover): string {
  const found = [
    ...processes.map(({ name, pid }) => `${name} (${pid})`),
    ...clusters.map(({ name }) => `cluster ${name}`),
  ];
  return found.join(', ') || 'no processes';
}

/** Those that were removed. One that cannot be does not keep the others. */
async function removeAll(leftovers: readonly Leftover[]): Promise<Leftover[]> {
  const removed = await Promise.allSettled(leftovers.map(removeLeftover));
  for (const one of removed) if (one.status === 'rejected') throw one.reason;
  return leftovers.filter((_, index) => removed[index]?.status === 'fulfilled' && removed[index].value);
}

/** Before something new starts: removes leftovers and says so. */
export async function sweepLeftovers(progress: Progress): Promise<void> {
  for (const leftover of findLeftovers()) {
    try {
      if (await removeLeftover(leftover)) progress.note(`removed ${described(leftover)}`);
    } catch (error) {
      // What an old run has left is no reason for a new one to fail.
      if (!(error instanceof OperatorError)) throw error;
      progress.note(`left ${described(leftover)}: ${error.message}; ${error.hint}`);
    }
  }
}

function described({ runId, processes, clusters }: Leftover): string {
  const cluster = clusters.length > 0 ? `cluster ${clusters.map(({ name }) => name).join(', ')}, ` : '';
  return `what ${runId} had left behind (${processes.length} processes, ${cluster}1 folder)`;
}
