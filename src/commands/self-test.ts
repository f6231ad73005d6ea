import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import pc from 'picocolors';
import { fetchEnvironment } from '../environments/index.ts';
import { requireLinux } from '../environments/local/system.ts';
import { ExitCode } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import { visible } from '../kit/visible.ts';
import { meshOf } from '../meshes/index.ts';
import { type Probe, probes, remains, type Shown, tryOut } from './self-test-probes.ts';

export function selfTestCommand(signal: AbortSignal): Command {
  return new Command('self-test')
    .description(
      'Show on this machine that a sound mesh passes, a planted defect fails, and nothing stays behind.',
    )
    .option('--json', 'print what was shown as JSON')
    .addHelpText(
      'after',
      `
Three short runs on real meshes, one after the other, in less than two minutes once the programs are there: one on a
sound configuration, one on a configuration with a defect, one whose load generator cannot keep its rate. Then it
looks for processes and folders of theirs.
Exit codes: 0 all is as it should be, 1 it is not, 3 this machine was too busy to tell.

Example:
  $ npx breakwater self-test`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const progress = createProgress(process.stderr, false);
      const shown = await selfTest(progress, signal).finally(() => progress.done());
      if (json) printJson(shown);
      else print(`${shown.map(line).join('\n')}\n\n${closing(shown)}\n`);
      process.exitCode = exitCodeOf(shown);
    });
}

async function selfTest(progress: Progress, signal: AbortSignal): Promise<readonly Shown[]> {
  requireLinux();
  // The runs would not show a download or a build of minutes.
  await fetchEnvironment.local(await meshOf('istio'), [], progress, signal);
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-self-test-'));
  const shown: Shown[] = [];
  try {
    for (const probe of probes) shown.push(await twice(probe, folder, progress, signal));
    shown.push(await remains(folder));
    return shown;
  } finally {
    // Those who clean up after a run that was killed are still at it.
    if (signal.aborted) await remains(folder);
    // The reports of what went wrong are worth a look.
    if (shown.every(({ ok }) => ok)) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A run that the machine has disturbed says that it proves nothing, and is made once more. */
async function twice(probe: Probe, folder: string, progress: Progress, signal: AbortSignal): Promise<Shown> {
  progress.step(probe.what);
  const first = await tryOut(probe, folder, signal, (text) => progress.ongoing(`${probe.what}: ${text}`));
  if (!first.disturbed) return first;
  progress.note(`made again, as it proves nothing: ${first.found}`);
  return tryOut(probe, folder, signal, (text) => progress.ongoing(`${probe.what}: ${text}`));
}

function line({ what, ok, disturbed, found, seconds, report }: Shown): string {
  const mark = ok ? pc.green('✓') : disturbed ? pc.yellow('!') : pc.red('✗');
  const took = seconds === undefined ? '' : pc.dim(` (${seconds} s)`);
  const where = ok || report === undefined ? '' : `\n    report: ${report}`;
  return `${mark} ${what.padEnd(46)} ${visible(found)}${took}${where}`;
}

function closing(shown: readonly Shown[]): string {
  switch (exitCodeOf(shown)) {
    case ExitCode.pass:
      return pc.green('Breakwater can be believed on this machine.');
    case ExitCode.invalid:
      return pc.yellow('This machine was too busy to tell: close something, and try again.');
    default:
      return pc.red('Not all is as it should be on this machine: npx breakwater doctor may say why.');
  }
}

function exitCodeOf(shown: readonly Shown[]): ExitCode {
  if (shown.every(({ ok }) => ok)) return ExitCode.pass;
  return shown.every(({ ok, disturbed }) => ok || disturbed) ? ExitCode.invalid : ExitCode.fail;
}
