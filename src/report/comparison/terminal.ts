import pc from 'picocolors';
import { wrap } from '../../kit/columns.ts';
import {
  ascii,
  colour,
  columnWidths,
  hanging,
  heading,
  indented,
  layOut,
  mark,
  type TerminalOptions,
  type View,
} from '../terminal.ts';
import { formatMs, plain } from '../words.ts';
import { type ComparisonReport, comparisonWords, metricStatus } from './model.ts';
import { metricCells, metricHead, remarks, sureness } from './words.ts';

/** What a comparison says on the terminal when it is over; its rounds were told as they ended. */
export function comparisonTerminal(report: ComparisonReport, options: TerminalOptions): string {
  const view = { ...options, width: Math.max(40, options.width), c: pc.createColors(options.color) };
  const text = [banner(report, view), metrics(report, view), notes(report, view), whereabouts(report, view)]
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

function banner({ ended, summary, sides, scenario }: ComparisonReport, view: View): string[] {
  const { c, color, width } = view;
  const { label, status } = comparisonWords[ended];
  const paint = { pass: c.bgGreen, fail: c.bgRed, invalid: c.bgYellow }[status];
  const badge = color
    ? paint((status === 'fail' ? c.whiteBright : c.black)(c.bold(`  ${label}  `)))
    : `== ${label} ==`;
  return [
    '',
    ` ${badge}  ${c.bold(plain(scenario.name).slice(0, Math.max(10, width - 24)))}`,
    '',
    ...wrap(plain(summary), width - 2).map((line) => ` ${c.bold(line)}`),
    ...(['a', 'b'] as const).flatMap((side) =>
      hanging(
        c.bold(side.toUpperCase()),
        2,
        c.dim,
        `${sides[side].label} (${sides[side].mesh} on ${sides[side].environment})`,
        width,
      ),
    ),
  ];
}

function metrics({ metrics: all }: ComparisonReport, view: View): string[] {
  if (all.length === 0) return [];
  const { c } = view;
  const head = ['', ...metricHead];
  const rows = all.map((metric) => [
    mark(metricStatus[metric.verdict], view),
    ...metricCells(metric).map(plain),
  ]);
  const widths = columnWidths([head, ...rows], view.width - 2);
  return [
    heading('Metrics', view),
    ...layOut(head, widths, new Set([2, 3]), (cell) => c.dim(cell)),
    ...rows.flatMap((row, index) => {
      const paint = colour(c, metricStatus[all[index]?.verdict ?? 'inconclusive']);
      return layOut(row, widths, new Set([2, 3]), (cell, column) =>
        column === row.length - 1 ? paint(cell) : cell,
      );
    }),
  ];
}

function notes(report: ComparisonReport, { width, c }: View): string[] {
  return [sureness(report), ...remarks(report)].flatMap((line) => indented(line, 1, width - 1).map(c.dim));
}

function whereabouts({ wallMs, rounds, run }: ComparisonReport, { c, directory }: View): string[] {
  const where = directory === undefined ? [] : [` ${c.dim('Report')}  ${plain(`${directory}/report.html`)}`];
  return [
    ...where,
    ` ${c.dim('Time')}    ${rounds.length} rounds, ${formatMs(wallMs)}`,
    ` ${c.dim('Seed')}    ${run.seed}`,
    ` ${c.dim('Again')}   ${plain(run.command)}`,
  ];
}
