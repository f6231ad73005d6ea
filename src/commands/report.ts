import path from 'node:path';
import { Command, Option } from 'commander';
import { environmentError, OperatorError, usageError } from '../kit/errors.ts';
import { print, printDocument } from '../kit/output.ts';
import { writeOutput } from '../kit/output-file.ts';
import { isDiskFault, reasonOf } from '../kit/system-error.ts';
import { comparisonFormats, findComparison, readComparison } from '../report/comparison/index.ts';
import {
  findReport,
  type ReportFormat,
  readReport,
  reportFormats,
  reportJsonSchema,
} from '../report/index.ts';
import { readRuns, runsHtml, runsJson, runsTerminal } from '../report/runs/index.ts';
import { findSuite, readSuite, suiteFormats } from '../report/suite/index.ts';
import { openFile } from './open-file.ts';
import { pathArgument } from './path-argument.ts';

interface ReportOptions {
  readonly reports: string;
  readonly format: ReportFormat;
  readonly output?: string;
  readonly open?: boolean;
  readonly schema?: boolean;
  readonly all?: boolean;
}

const examples = `
Examples:
  $ npx breakwater report                                     the newest run, on the terminal
  $ npx breakwater report zone-failover-20260314-101502-7f3a  one run, by its id or folder
  $ npx breakwater report reports/suite-20260314-101502-7f3a  the runs of several scenarios together
  $ npx breakwater report --open                              its HTML report in the browser
  $ npx breakwater report --all                               a page of all runs, reports/index.html
  $ npx breakwater report --all --format json                 the same for a program
  $ npx breakwater report --format md >> "$GITHUB_STEP_SUMMARY"
  $ npx breakwater report --format junit --output junit.xml
  $ npx breakwater report --format openmetrics --output /var/lib/node_exporter/breakwater.prom
  $ npx breakwater report --schema                            the JSON Schema of report.json`;

/** `breakwater report`: shows or converts what a run found. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Show the report of a run, suite or comparison again, open it, or convert it to another format.',
    )
    .argument('[run]', 'id or folder of a run, a suite or a comparison (default: the newest run)')
    .addOption(
      new Option('--format <format>', 'what to write')
        .choices(Object.keys(reportFormats))
        .default('terminal' satisfies ReportFormat),
    )
    .option('--output <file>', 'write there instead of to standard output', pathArgument)
    .option('--all', 'make a page of all runs (index.html beside them), and show how things stand')
    .option('--open', 'open the HTML report in the browser')
    .option('--schema', 'print the JSON Schema of report.json instead')
    .option('--reports <dir>', 'where runs are', pathArgument, 'reports')
    .addHelpText('after', examples)
    .action(showReport);
}

async function showReport(run: string | undefined, options: ReportOptions): Promise<void> {
  if (options.schema) {
    if (run !== undefined || options.open || options.all || options.format !== 'terminal') {
      throw usageError('--schema is about all reports', 'Leave out the run, --all, --open and --format.');
    }
    return put(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`, options.output, printDocument);
  }
  if (options.open && (options.output !== undefined || options.format !== 'terminal')) {
    throw usageError('--open shows the HTML report', 'Leave out --format and --output.');
  }
  if (options.all) return showAll(run, options);
  const { directory, files, render } = await found(run, options.reports);
  if (options.open) {
    const file = path.resolve(directory, files.html);
    await writeOutput(file, render('html'));
    return open(file);
  }
  const text = render(options.format, options.output === undefined);
  return put(text, options.output, options.format === 'terminal' ? print : printDocument);
}

/** All runs: the page beside them, and a line a scenario, or the list for a program. */
async function showAll(run: string | undefined, { reports, format, output, open: wanted }: ReportOptions) {
  if (run !== undefined) throw usageError('--all is about every run', 'Leave out the run, or --all.');
  if (format !== 'terminal' && format !== 'html' && format !== 'json') {
    throw usageError(`--all has no format ${format}`, 'Use terminal, html or json.');
  }
  if (format === 'html' && output !== undefined) {
    throw usageError(
      '--output would take the page away from the runs that it leads to',
      `Leave it out: the page is ${path.join(reports, 'index.html')}.`,
    );
  }
  const runs = await readRuns(reports);
  if (format === 'json') return put(runsJson(runs), output, printDocument);
  const file = path.join(reports, 'index.html');
  await save(file, runsHtml(runs));
  if (wanted) return open(path.resolve(file));
  const text = runsTerminal(runs, terminalOptions(reports, output === undefined));
  if (format === 'terminal') await put(text, output, print);
  print(`\n ${file}\n`);
}

/** A run, a suite or a comparison, and its formats. */
async function found(named: string | undefined, reports: string) {
  const comparison = named === undefined ? undefined : await findComparison(reports, named);
  if (comparison !== undefined) return foundComparison(comparison);
  const suite = named === undefined ? undefined : await findSuite(reports, named);
  if (suite === undefined) {
    const directory = await findReport(reports, named);
    const report = await readReport(directory);
    return {
      directory,
      files: { html: reportFormats.html.file },
      render: (format: ReportFormat, shown = false) =>
        reportFormats[format].render(report, terminalOptions(directory, shown)),
    };
  }
  const content = await readSuite(suite);
  return {
    directory: suite,
    files: { html: suiteFormats.html.file },
    render: (format: ReportFormat, shown = false) =>
      suiteFormats[format].render(content, terminalOptions(suite, shown)),
  };
}

async function foundComparison(directory: string) {
  const content = await readComparison(directory);
  return {
    directory,
    files: { html: comparisonFormats.html.file },
    render(format: ReportFormat, shown = false) {
      if (!(format in comparisonFormats)) {
        throw usageError(
          `a comparison has no format ${format}`,
          `It has --format ${Object.keys(comparisonFormats).join(', ')}.`,
        );
      }
      return comparisonFormats[format as keyof typeof comparisonFormats].render(
        content,
        terminalOptions(directory, shown),
      );
    },
  };
}

/** How a report suits the terminal; colours only where it is shown there. */
function terminalOptions(directory: string, shown: boolean) {
  const { stdout } = process;
  return {
    color: shown && stdout.isTTY && stdout.hasColors(),
    width: Math.min(stdout.columns ?? 80, 110),
    directory,
  };
}

/** To a file, or else to standard output. */
async function put(text: string, output: string | undefined, show: (text: string) => void): Promise<void> {
  if (output !== undefined) return save(output, text);
  show(text);
}

async function save(file: string, text: string): Promise<void> {
  await writeOutput(file, text).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof OperatorError) throw cause;
    throw (isDiskFault(cause.code) ? environmentError : usageError)(
      `cannot write ${file}: ${reasonOf(cause.code ?? cause.message)}`,
      'Name a file in a folder that exists and is yours.',
    );
  });
}

/** Shows a page in the browser. */
async function open(file: string): Promise<void> {
  await openFile(file);
  print(`Opening ${file}\n`);
}
