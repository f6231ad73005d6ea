import { relative } from 'node:path';
import pc from 'picocolors';
import { columns, pad, wrap } from '../../kit/columns.ts';
import { plural } from '../../kit/format.ts';
import { formatInterval, formatVerdict } from '../../report/comparison/words.ts';
import { escapeMarkdown } from '../../report/markdown-text.ts';
import { plain } from '../../report/words.ts';
import { fewestPairs } from '../question.ts';
import { type Comparison, withoutValidRun } from './compare.ts';
import { headOf, rowsOf } from './rows.ts';

/** Columns that the text is to fit in, and what the names keep of it when there are wide values. */
const WIDTH = 100;
const NARROWEST_NAME = 24;
const GAP = '  ';

/** The comparison as a table for the terminal. */
export function renderText(comparison: Comparison): string {
  const rows = rowsOf(comparison).map(({ name, cells, same }) => ({
    name: plain(name),
    cells: cells.map(plain),
    same,
  }));
  const head = { name: '', cells: headOf(comparison), same: true };
  const widths = head.cells.map((title, column) =>
    Math.max(...[title, ...rows.map(({ cells }) => cells[column] ?? '')].map(columns)),
  );
  const taken = widths.reduce((sum, width) => sum + width + GAP.length, GAP.length);
  const longest = Math.max(...rows.map(({ name }) => columns(name)));
  const room = Math.min(longest, Math.max(NARROWEST_NAME, WIDTH - taken));
  const table = [head, ...rows].flatMap(({ name, cells, same }) =>
    wrap(name, room)
      .map((line, index) => [pad(line, room), ...(index === 0 ? padded(cells, widths) : [])].join(GAP))
      .map((line) => GAP + line.trimEnd())
      .map((line) => (same ? line : pc.yellow(line))),
  );
  return [
    ...wrap(`${plain(comparison.scenario)}, ${describeNumbers(comparison)}`, WIDTH),
    ...table,
    ...[...metricLines(comparison), ...invalidRuns(comparison)]
      .flatMap((line) => wrap(plain(line), WIDTH - GAP.length))
      .map((line) => GAP + line),
    (comparison.same ? pc.green : pc.yellow)(conclusionOf(comparison)),
    `Reports: a folder per run in ${plain(relative(process.cwd(), comparison.folder) || '.')}`,
  ].join('\n');
}

const padded = (cells: readonly string[], widths: readonly number[]) =>
  cells.map((cell, column) => pad(cell, widths[column] ?? 0));

/** The same table for a document, without what is true on one machine only: where the reports are. */
export function renderMarkdown(comparison: Comparison): string {
  const { scenario, machine, mesh } = comparison;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['', ...headOf(comparison)];
  const invalid = [...metricLines(comparison), ...invalidRuns(comparison)].map(
    (text) => `- ${escapeMarkdown(text)}`,
  );
  return [
    `**${escapeMarkdown(scenario)}**, ${describeNumbers(comparison)} (${escapeMarkdown(mesh)}, ${plural(machine.cpus, 'CPU')}):`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rowsOf(comparison).map(({ name, cells, same }) => {
      const escaped = escapeMarkdown(name);
      return line([same ? escaped : `**${escaped}**`, ...cells.map(escapeMarkdown)]);
    }),
    '',
    ...invalid,
    ...(invalid.length > 0 ? [''] : []),
    conclusionOf(comparison),
  ].join('\n');
}

function describeNumbers({ rounds, compared }: Comparison): string {
  const [first, ...others] = compared;
  const sides = `${others.join(' and ')} to ${first}`;
  return rounds === 1
    ? `one run on each, ratio of ${sides}`
    : `${rounds} runs on each: lowest · median · highest, ratio of the medians (${sides})`;
}

/** What pairs of rounds prove about numbers, where there are enough for any proof. */
function metricLines({ metrics, compared }: Comparison): string[] {
  return metrics.flatMap((metric) => {
    const on = compared.length === 2 ? '' : ` on ${metric.environment}`;
    return metric.pairs < fewestPairs
      ? []
      : [`${metric.title}${on}, pair by pair: ${formatInterval(metric)}, ${formatVerdict(metric)}`];
  });
}

function invalidRuns({ runs }: Comparison): string[] {
  return runs.flatMap(({ environment, round, invalid }) =>
    invalid === undefined
      ? []
      : [`round ${round} on ${environment} is invalid and left out: ${invalid.join('; ')}`],
  );
}

function conclusionOf(comparison: Comparison): string {
  const { same, sameVerdict, checks } = comparison;
  const without = withoutValidRun(comparison);
  if (without.length > 0) {
    return `No run on ${without.join(' or ')} was valid, so this says nothing about the environments. Run it again.`;
  }
  if (same) return 'The same verdict and the same status of every check in every valid run.';
  const differing = checks.filter((check) => !check.same).length;
  const verdicts = sameVerdict
    ? 'The same verdict in every valid run'
    : 'Not every valid run has the same verdict';
  return `${verdicts}; the status of ${differing} of ${plural(checks.length, 'check')} is not always the same.`;
}
