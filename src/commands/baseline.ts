import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { ExitCode, environmentError, usageError } from '../kit/errors.ts';
import { refusalOf } from '../kit/folder.ts';
import { plural } from '../kit/format.ts';
import { print } from '../kit/output.ts';
import type { Progress } from '../kit/terminal.ts';
import { addToBaseline, describeMachine, readBaseline } from '../records/baseline.ts';
import { fewestRuns, type Held, holdAgainst } from '../records/hold.ts';
import { recordedMachine } from '../records/machine.ts';
import { recordOf } from '../records/record.ts';
import { heldText } from '../records/terminal.ts';
import type { Report } from '../report/model.ts';
import { ascii } from '../report/terminal.ts';
import { currentCommit } from './commit.ts';

/** What a run may be told of baselines. */
export interface BaselineOptions {
  readonly saveBaseline?: string;
  readonly baseline?: string;
}

/** Refuses, before anything has started, a baseline that this run cannot be added to or held against. */
export async function refuseBaselines(
  options: BaselineOptions,
  name: string,
  environment: string,
): Promise<void> {
  const { saveBaseline, baseline } = options;
  if (baseline !== undefined && (await readBaseline(baseline)) === undefined) {
    throw usageError(`--baseline ${baseline}: there is no such file`, 'run --save-baseline writes it');
  }
  if (saveBaseline === undefined) return;
  const refusal = refusalOf(dirname(resolve(saveBaseline)));
  if (refusal !== undefined) {
    throw environmentError(`--save-baseline ${saveBaseline}: nothing can be written there: ${refusal}`);
  }
  const [first] = (await readBaseline(saveBaseline))?.runs ?? [];
  if (first === undefined) return;
  const here = recordedMachine();
  const why =
    first.scenario.name !== name
      ? `it is of the scenario ${first.scenario.name}`
      : first.environment !== environment
        ? `it is of runs on ${first.environment}`
        : first.machine.kind !== here.kind
          ? `it is of another kind of machine: ${describeMachine(first.machine)}, and this is ${describeMachine(here)}`
          : undefined;
  if (why === undefined) return;
  throw usageError(`--save-baseline ${saveBaseline}: ${why}`, 'name another file, or remove that one');
}

/** Adds a run that proves something to a baseline, and says how far that has come. */
export async function saveBaseline(file: string, report: Report, progress: Progress): Promise<void> {
  const record = recordOf(report, recordedMachine(), await currentCommit());
  if (record === undefined) {
    progress.warn(`${file} stays as it is: this run proves nothing, and no later one can be held against it`);
    return;
  }
  const { runs } = await addToBaseline(file, record);
  const missing = fewestRuns - runs.length;
  const rest =
    missing > 0 ? `; for verdicts it takes ${plural(missing, 'more run')}, best on several days` : '';
  progress.note(`${file} has ${plural(runs.length, 'run')}${rest}`);
}

/** Holds a run against a baseline; undefined where the run proves nothing, so that nothing can be said. */
async function heldReport(file: string, report: Report): Promise<Held | undefined> {
  const baseline = await readBaseline(file);
  const record = recordOf(report, recordedMachine(), await currentCommit());
  if (baseline === undefined || record === undefined) return undefined;
  return holdAgainst(baseline, record);
}

/** Says what a baseline says about a run; the exit code is the run's own where that did not pass. */
export async function sayHeld(
  file: string,
  report: Report,
  progress: Progress,
  json: boolean,
): Promise<ExitCode> {
  const held = await heldReport(file, report);
  if (held !== undefined) {
    const paint = { good: pc.green, bad: pc.red, unclear: pc.yellow, faint: pc.dim };
    const told = heldText(held, paint, process.stdout.columns || 100);
    const text = pc.isColorSupported ? told : ascii(told);
    // Standard output has the report alone.
    if (json) progress.note(text);
    else print(`\n${text}`);
  }
  if (report.verdict !== 'pass') return ExitCode[report.verdict];
  return { regressed: ExitCode.fail, 'not-worse': ExitCode.pass, inconclusive: ExitCode.invalid }[
    held?.verdict ?? 'inconclusive'
  ];
}
