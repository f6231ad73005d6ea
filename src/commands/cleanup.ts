import { Command } from 'commander';
import { findLeftovers, removeLeftover } from '../environments/run-directory.ts';
import type { Progress } from '../kit/terminal.ts';

export function cleanupCommand(): Command {
  return new Command('cleanup')
    .description('Find and remove what crashed runs have left behind: processes and scratch folders.')
    .option('--dry-run', 'only say what would be removed')
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
    .action(async (options: { dryRun?: boolean; json?: boolean }) => {
      const leftovers = findLeftovers();
      if (!options.dryRun) await Promise.all(leftovers.map(removeLeftover));
      if (options.json) {
        process.stdout.write(`${JSON.stringify(leftovers, null, 2)}\n`);
        return;
      }
      if (leftovers.length === 0) process.stdout.write('Nothing was left behind.\n');
      const verb = options.dryRun ? 'would remove' : 'removed';
      for (const leftover of leftovers) {
        const processes = leftover.processes.map(({ name, pid }) => `${name} (${pid})`).join(', ');
        process.stdout.write(
          `${verb} ${leftover.runId} (${leftover.what}): ${processes || 'no processes'}, ${leftover.directory}\n`,
        );
      }
    });
}

/** Before something new starts: removes leftovers and says so. */
export async function sweepLeftovers(progress: Progress): Promise<void> {
  for (const leftover of findLeftovers()) {
    await removeLeftover(leftover);
    progress.note(
      `removed what ${leftover.runId} had left behind (${leftover.processes.length} processes, 1 folder)`,
    );
  }
}
