import pc from 'picocolors';
import { wrap } from '../../kit/columns.ts';
import {
  ascii,
  columnWidths,
  hanging,
  heading,
  layOut,
  mark,
  type TerminalOptions,
  type View,
} from '../terminal.ts';
import { formatMs, plain } from '../words.ts';
import { type TuningReport, trialStatus, tuningWords } from './model.ts';
import {
  costCells,
  costHead,
  limitCells,
  limitHead,
  scalingCells,
  scalingHead,
  trialCells,
  trialHead,
} from './words.ts';

/** What a search says on the terminal when it is over; its trials were told as they ended. */
export function tuningTerminal(report: TuningReport, options: TerminalOptions): string {
  const view = { ...options, width: Math.max(40, options.width), c: pc.createColors(options.color) };
  const text = [
    banner(report, view),
    limits(report, view),
    costs(report, view),
    reasoning(report, view),
    proof(report, view),
    scaling(report, view),
    patch(report, view),
    whereabouts(report, view),
  ]
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

function banner({ ended, summary }: TuningReport, { c, color, width }: View): string[] {
  const { label, status } = tuningWords[ended];
  const paint = { pass: c.bgGreen, fail: c.bgRed, invalid: c.bgYellow }[status];
  const badge = color
    ? paint((status === 'fail' ? c.whiteBright : c.black)(c.bold(`  ${label}  `)))
    : `== ${label} ==`;
  return ['', ` ${badge}`, '', ...wrap(plain(summary), width - 2).map((line) => ` ${c.bold(line)}`)];
}

function limits({ limits: found }: TuningReport, view: View): string[] {
  return found.length === 0
    ? []
    : [
        heading('Limits', view),
        ...rows([limitHead, ...found.map((each) => limitCells(each).map(plain))], view),
      ];
}

function costs({ costs: found = [] }: TuningReport, view: View): string[] {
  return found.length === 0
    ? []
    : [heading('What connections cost', view), ...rows([costHead, ...found.map(costCells)], view)];
}

function reasoning({ reasoning: sentences }: TuningReport, view: View): string[] {
  const { width } = view;
  const lines = sentences.flatMap((each) => hanging('-', 1, (text) => text, plain(each), width));
  return lines.length === 0 ? [] : [heading('Why', view), ...lines];
}

/** The trials that the answer rests on: without limits and with those found. */
function proof({ trials }: TuningReport, view: View): string[] {
  const shown = trials.filter(({ stage }) => stage === 'before' || stage === 'after');
  if (shown.length === 0) return [];
  const marked = shown.map((trial) => [
    mark(trialStatus[trial.verdict], view),
    ...trialCells(trial).slice(0, -1).map(plain),
  ]);
  const head = ['', ...trialHead.slice(0, -1)];
  return [heading('Before and after', view), ...rows([head, ...marked], view)];
}

/** The same limits with other clients or replicas. */
function scaling({ scaling: found = [] }: TuningReport, view: View): string[] {
  return found.length === 0
    ? []
    : [
        heading('Other clients and replicas', view),
        ...rows([scalingHead, ...found.map((row) => scalingCells(row).map(plain))], view),
      ];
}

function rows(cells: readonly (readonly string[])[], { width }: View): string[] {
  const widths = columnWidths(
    cells.map((row) => [...row]),
    width - 2,
  );
  return cells.flatMap((row) => layOut([...row], widths, new Set(), (cell) => cell));
}

function patch({ patch: found }: TuningReport, view: View): string[] {
  if (found === undefined) return [];
  const title = found.file === undefined ? found.resource : `${found.resource} in ${found.file}`;
  return [
    heading(`Patch: ${plain(title)}`, view),
    ...found.text
      .trimEnd()
      .split('\n')
      .map((line) => `   ${line}`),
  ];
}

function whereabouts({ wallMs, trials, run }: TuningReport, { c, directory }: View): string[] {
  const where = directory === undefined ? [] : [` ${c.dim(`report in ${directory}/report.html`)}`];
  return [
    ...where,
    ` ${c.dim(`${trials.length} trials, ${formatMs(wallMs)}, ${run.mesh} on ${run.environment}`)}`,
  ];
}
