import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExitCode, environmentError, usageError } from '../../kit/errors.ts';
import { packageRoot } from '../../kit/package-root.ts';
import type { Plan } from '../../plan/contract.ts';
import { readReport } from '../../report/index.ts';
import { makeReportFolder } from '../../runs/report-folder.ts';
import type { Compared, FinishedRun } from './compare.ts';

interface RunSettings {
  readonly file: string;
  /** Options of the command line that change the scenario. */
  readonly changes: readonly string[];
  readonly keep: boolean;
}

/**
 * Runs the environments in turns, so that a machine that drifts burdens all alike; which is first in a round is up to
 * the lot. The first error ends it.
 */
export async function runRounds(
  compared: readonly Compared[],
  rounds: number,
  seed: number,
  runOne: (environment: Compared, round: number) => Promise<FinishedRun>,
  say: (line: string) => void,
): Promise<FinishedRun[]> {
  const finished: FinishedRun[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const environment of orderIn(round, compared, seed)) {
      try {
        finished.push(await runOne(environment, round));
      } catch (error) {
        // What has been measured so far is not to be lost with it.
        if (finished.length > 0)
          say(`reports of the runs before that:\n${finished.map(whereabouts).join('\n')}`);
        throw error;
      }
    }
  }
  return finished;
}

/** Who goes first in a round, and who after it: by lot, from the seed. */
function orderIn(round: number, compared: readonly Compared[], seed: number): Compared[] {
  const lot = (name: Compared) =>
    createHash('sha256').update(`${seed} ${name} in round ${round}`).digest('hex');
  return compared.toSorted((one, other) => (lot(one) < lot(other) ? -1 : 1));
}

/** Runs of two experiments are not compared. */
export function refuseChanged(first: Plan, now: Plan): void {
  if (JSON.stringify(now) === JSON.stringify(first)) return;
  throw usageError(
    `${first.name} was changed between two of the runs`,
    'leave its files alone while they run, and compare again',
  );
}

const whereabouts = ({ folder }: FinishedRun) => `  ${relative(process.cwd(), folder) || '.'}`;

/** A folder for the runs of one comparison. */
export async function makeFolder(reports: string): Promise<string> {
  await makeReportFolder(reports, reports);
  return mkdtempSync(join(resolve(reports), 'compare-'));
}

/** A run of its own process: what one leaves in memory must not burden the others. */
export async function runOnce(
  environment: Compared,
  round: number,
  folder: string,
  settings: RunSettings,
  signal: AbortSignal,
): Promise<FinishedRun> {
  signal.throwIfAborted();
  const reports = join(folder, `${String(round).padStart(2, '0')}-${environment}`);
  const code = await breakwater(
    ['run', settings.file, '--env', environment, '--reports', reports, ...passedOn(environment, settings)],
    signal,
  );
  signal.throwIfAborted();
  if (code === ExitCode.usage) {
    throw usageError(`${settings.file} cannot be run on ${environment}; see above`);
  }
  const run = existsSync(reports) ? readdirSync(reports).at(0) : undefined;
  if (!finalCodes.has(code) || run === undefined) {
    throw environmentError(
      `the run on ${environment} did not come to its end in round ${round}; see above`,
      'nothing is compared; put right what it says, and compare again',
    );
  }
  return {
    environment,
    round,
    report: await readReport(join(reports, run)),
    folder: join(reports, run),
  };
}

/** With any other a run has no report of its whole load. */
const finalCodes = new Set<number | null>([ExitCode.pass, ExitCode.fail, ExitCode.invalid]);

function passedOn(environment: Compared, settings: RunSettings): string[] {
  return [...(settings.keep && environment === 'kind' ? ['--keep'] : []), ...settings.changes];
}

/** The exit code of a Breakwater of its own; null when it was killed. */
async function breakwater(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  const program = fileURLToPath(new URL('bin/breakwater.js', packageRoot));
  // In a group of its own: a terminal's Ctrl-C would reach it beside what is passed on, and a second one is
  // an order to leave everything as it is. The channel tells it when this process is gone.
  const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
  const pass = () => child.kill('SIGINT');
  signal.addEventListener('abort', pass, { once: true });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  signal.removeEventListener('abort', pass);
  return code;
}
