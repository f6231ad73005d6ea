import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { historyHtml } from '../history/html.ts';
import { historyOf, worseWithin } from '../history/series.ts';
import { addRecords, type Place, readRecords } from '../history/store.ts';
import { historyText } from '../history/terminal.ts';
import { ExitCode, usageError } from '../kit/errors.ts';
import { suggest } from '../kit/nearest.ts';
import { print, printJson } from '../kit/output.ts';
import { writeOutput } from '../kit/output-file.ts';
import { visibleLines } from '../kit/visible.ts';
import { measureNames, nameOf } from '../model/measures.ts';
import { recordedMachine } from '../records/machine.ts';
import type { RunRecord } from '../records/model.ts';
import { recordOf } from '../records/record.ts';
import { findReport, readReport } from '../report/index.ts';
import { ascii } from '../report/terminal.ts';
import { currentCommit } from './commit.ts';
import { pathArgument } from './path-argument.ts';

interface HistoryOptions {
  readonly branch?: string;
  readonly add: readonly string[];
  readonly scenario?: string;
  readonly metrics?: readonly string[];
  readonly html?: string;
  readonly json?: boolean;
  readonly failWithin?: number;
  readonly reports: string;
}

const notes = `
A history is a folder of small JSON files, one a run, or a branch of them, which is committed to without being checked
out (push it yourself). Runs are put in on the machine that made them. Those of one experiment, environment and kind of
machine are a series; its change points are found by E-divisive and confirmed by permutations with a fixed seed, so
they are the same every time. A change smaller than the margin of its measure is none.

Exit codes: 0; with --fail-within 1 when something got worse within that many of the newest runs.

Examples:
  $ npx breakwater history --add reports/cart-20260314-101502-7f3a
  $ npx breakwater history --branch breakwater-history --add latest --fail-within 3
  $ npx breakwater history --html history.html --metrics p95,errors`;

/** `history`: what was measured over time, and where it changed. */
export function historyCommand(): Command {
  return new Command('history')
    .description('Keep what runs measured, find where it changed, and draw it.')
    .argument('[folder]', 'of the records', pathArgument, 'history')
    .option('--branch <name>', 'a branch of the Git repository instead of a folder')
    .addOption(
      new Option('--add <run>', 'put a run in first: its folder, its id, or latest; repeatable')
        .argParser((run: string, before: readonly string[]) => [...before, pathArgument(run)])
        .default([], 'none'),
    )
    .option('--scenario <name>', 'only the runs of this one')
    .addOption(
      new Option('--metrics <names>', 'only these: p95,errors')
        .argParser(readMetrics)
        .default(undefined, 'all'),
    )
    .option('--html <file>', 'draw it into this file', pathArgument)
    .option('--json', 'print the series and their changes as JSON')
    .addOption(
      new Option('--fail-within <n>', 'end with 1 when something got worse within the last n runs').argParser(
        (text: string) => {
          if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
          throw new InvalidArgumentError('It takes a whole number from 1 on.');
        },
      ),
    )
    .option('--reports <dir>', 'where runs are', pathArgument, 'reports')
    .addHelpText('after', notes)
    .action(async (folder: string, options: HistoryOptions) => {
      process.exitCode = await showHistory(folder, options);
    });
}

function readMetrics(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (measureNames.some((each) => each === name)) continue;
    throw new InvalidArgumentError(`There is no metric ${name}: ${suggest(name, measureNames, 20)}.`);
  }
  return names;
}

async function showHistory(folder: string, options: HistoryOptions): Promise<ExitCode> {
  const place: Place = options.branch === undefined ? { folder } : { branch: options.branch, within: '.' };
  const added = await recordsOf(options);
  if (added.length > 0) await addRecords(place, added);
  const records = await readRecords(place);
  const { scenario, metrics } = options;
  const wanted = records.filter(({ scenario: { name } }) => scenario === undefined || name === scenario);
  if (scenario !== undefined && wanted.length === 0) {
    const names = [...new Set(records.map((record) => record.scenario.name))];
    throw usageError(`--scenario ${scenario}: no run is of it`, suggest(scenario, names));
  }
  const history = historyOf(wanted, (measure) => metrics === undefined || metrics.includes(nameOf(measure)));
  if (options.html !== undefined) await writeOutput(options.html, historyHtml(history));
  const paint = { good: pc.green, bad: pc.red, unclear: pc.yellow, faint: pc.dim };
  if (options.json) printJson(history);
  else {
    const text = historyText(history, paint, pc.isColorSupported);
    print(pc.isColorSupported ? text : ascii(text));
  }
  const worse = options.failWithin === undefined ? [] : worseWithin(history, options.failWithin);
  return worse.length === 0 ? ExitCode.pass : ExitCode.fail;
}

/** What is kept of the runs that are to be put in; a run that proves nothing is left out, and said so. */
async function recordsOf({ add, reports }: HistoryOptions): Promise<readonly RunRecord[]> {
  const records: RunRecord[] = [];
  for (const named of add) {
    const directory = await findReport(reports, named === 'latest' ? undefined : named);
    const report = await readReport(directory);
    const record = recordOf(report, recordedMachine(), await currentCommit());
    if (record !== undefined) records.push(record);
    else
      process.stderr.write(visibleLines(`${directory} is left out: it proves nothing, or has no measures\n`));
  }
  return records;
}
