import { Command } from 'commander';
import { deleteCluster } from '../environments/clusters.ts';
import {
  findLeftovers,
  type Leftover,
  removeLeftover,
  strayClusters,
} from '../environments/run-directory.ts';
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
      const leftovers = findLeftovers();
      const docker = process.env['BREAKWATER_KIND_DOCKER'] ?? 'docker';
      const stray = strayClusters(docker);
      const clusters = [...stray.lost, ...(options.kept ? stray.kept : [])];
      if (!options.dryRun) {
        await Promise.all(leftovers.map(removeLeftover));
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

/** Before something new starts: removes leftovers and says so. */
export async function sweepLeftovers(progress: Progress): Promise<void> {
  for (const leftover of findLeftovers()) {
    await removeLeftover(leftover);
    progress.note(
      `removed what ${leftover.runId} had left behind (${leftover.processes.length} processes, ${leftover.clusters.length > 0 ? `cluster ${leftover.clusters.map(({ name }) => name).join(', ')}, ` : ''}1 folder)`,
    );
  }
}
