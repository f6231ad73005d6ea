import pc from 'picocolors';
import { columns, pad, wrap } from '../kit/columns.ts';
import { changeMark, formatChangeOutcome, formatChangeTime } from './change-words.ts';
import type { Report, Status } from './model.ts';
import {
  cameText,
  efficacyWords,
  exceptions,
  figures,
  formatAnswer,
  formatCount,
  formatFaultSpan,
  formatSeed,
  formatSpan,
  formatTiming,
  formatWindow,
  loadHead,
  loadRows,
  plain,
  probeOutcomes,
  settingsBehind,
  shorten,
  unsaidMeaning,
  verdictWords,
  violationsMean,
} from './words.ts';

export interface TerminalOptions {
  /** Without it there is neither colour nor any sign beyond ASCII; letters of names stay what they are. */
  readonly color: boolean;
  /** Columns. */
  readonly width: number;
  /** Where the report's files are, when they are somewhere. */
  readonly directory?: string;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** What a run says on the terminal when it is over. */
export function terminal(report: Report, options: TerminalOptions): string {
  const view = { ...options, width: Math.max(40, options.width), c: pc.createColors(options.color) };
  const blocks = [
    banner(report, view),
    violations(report, view),
    checks(report, view),
    probes(report, view),
    loads(report, view),
    errors(report, view),
    faults(report, view),
    changes(report, view),
    remarks(report, view),
    whereabouts(report, view),
  ];
  const text = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

export type View = TerminalOptions & { readonly c: Colors };

export const colour = (c: Colors, status: Status) =>
  ({ pass: c.green, fail: c.red, invalid: c.yellow })[status] as (text: string) => string;

export function mark(status: Status, { c, color }: View): string {
  const symbols = color
    ? { pass: '✓', fail: '✗', invalid: '?' }
    : { pass: 'ok', fail: 'FAIL', invalid: '??' };
  return colour(c, status)(c.bold(symbols[status]));
}

function banner(report: Report, view: View): string[] {
  const { c, width, color } = view;
  const { label } = verdictWords[report.verdict];
  const paint = { pass: c.bgGreen, fail: c.bgRed, invalid: c.bgYellow }[report.verdict];
  const ink = report.verdict === 'fail' ? c.whiteBright : c.black;
  const badge = color ? paint(ink(c.bold(`  ${label}  `))) : `== ${label} ==`;
  const name = plain(report.scenario.name);
  const numbers = figures(report).map(({ label, value }) => `${plain(label).toLowerCase()} ${plain(value)}`);
  return [
    '',
    ` ${badge}  ${c.bold(name.slice(0, Math.max(10, width - 20)))}`,
    '',
    ...wrap(`${unsaidMeaning(report)} ${plain(report.summary)}`.trim(), width - 2).map(
      (line) => ` ${c.bold(line)}`,
    ),
    ...(report.interrupted ? [` ${c.yellow('The run was interrupted before its end.')}`] : []),
    ...joinWithin(numbers, ' · ', width - 2).map((line) => ` ${c.dim(line)}`),
  ];
}

/** What makes the run invalid, in all or in part, what that means and what to do. */
function violations(report: Report, view: View): string[] {
  const { c, width } = view;
  const violated = report.validity.filter((finding) => finding.status === 'violated');
  if (violated.length === 0) return [];
  return [
    heading(violationsMean(report), view),
    ...violated.flatMap((finding) => [
      ...hanging(mark('invalid', view), 3, c.bold, `${finding.title} (${finding.rule})`, width),
      ...indented(`observed ${finding.observed}; limit ${finding.limit}`, 4, width),
      ...indented(finding.detail ?? '', 4, width).map(c.dim),
    ]),
  ];
}

function checks(report: Report, view: View): string[] {
  const { c, width } = view;
  const saidBefore = (index: number) =>
    report.checks
      .slice(0, index)
      .some(({ reason }) => JSON.stringify(reason) === JSON.stringify(report.checks[index]?.reason));
  const rows = report.checks.map((check, index) => ({
    cells: [
      mark(check.status, view),
      plain(check.name),
      plain(check.observed),
      plain(check.limit),
      plain(formatWindow(report, check.window)),
      formatCount(check.samples),
    ],
    detail: check.status === 'pass' ? undefined : check.detail,
    reason: check.reason && saidBefore(index) ? { text: 'for the same reason as above' } : check.reason,
    paint: colour(c, check.status),
  }));
  if (rows.length === 0) return [];
  const head = ['', 'check', 'observed', 'limit', 'window', 'samples'];
  const widths = columnWidths([head, ...rows.map((row) => row.cells)], width - 2);
  const line = (cells: string[], paint: (cell: string, column: number) => string) =>
    layOut(cells, widths, new Set([5]), paint);
  return [
    heading('Checks', view),
    ...line(head, (cell) => c.dim(cell)),
    ...rows.flatMap(({ cells, detail, reason, paint }) => [
      ...line(cells, (cell, column) => (column === 2 ? paint(cell) : cell)),
      ...indented(detail ?? '', 3 + (widths[0] ?? 1), width).map(c.dim),
      ...indented(reason?.text ?? '', 3 + (widths[0] ?? 1), width),
      ...settingsBehind(reason ?? {}).flatMap((each) =>
        indented(placed(each), 3 + (widths[0] ?? 1), width).map(c.cyan),
      ),
    ]),
  ];
}

/** Probes that did not go as expected; of the others only how many. */
function probes(report: Report, view: View): string[] {
  const { c, width } = view;
  const all = probeOutcomes(report);
  if (all.length === 0) return [];
  const wrong = all.filter(({ status }) => status !== 'pass');
  const shown = wrong.slice(0, 8);
  return [
    heading('Probes', view),
    ` ${all.length - wrong.length} of ${all.length} as expected${exceptions(all)}`,
    ...shown.flatMap(({ probe, status }) => [
      ...hanging(mark(status, view), 3, c.bold, plain(probe.request), width),
      ...indented(`expected ${plain(probe.expected)}; came ${plain(cameText(probe))}`, 4, width),
      ...indented(plain(probe.rule?.text ?? ''), 4, width).map(c.dim),
      ...settingsBehind(probe.rule ?? {}).flatMap((each) => indented(placed(each), 4, width).map(c.cyan)),
    ]),
    ...(wrong.length > shown.length ? [c.dim(` and ${wrong.length - shown.length} more`)] : []),
  ];
}

function loads(report: Report, view: View): string[] {
  const without = (row: readonly string[]) => row.toSpliced(1, 1).map(plain);
  const rows = loadRows(report).map(without);
  if (rows.length === 0) return [];
  const head = without(loadHead);
  const widths = columnWidths([head, ...rows], view.width - 2);
  const line = (cells: string[], paint: (cell: string) => string) =>
    layOut(cells, widths, new Set([1, 2, 3, 4, 5, 6, 7]), paint);
  return [
    heading('Loads', view),
    ...line(
      head.map((cell) => (/^p\d/.test(cell) ? cell : cell.toLowerCase())),
      view.c.dim,
    ),
    ...rows.flatMap((cells) => line(cells, (cell) => cell)),
  ];
}

function errors(report: Report, view: View): string[] {
  const { c, width } = view;
  if (report.errors.length === 0) return [];
  const shown = report.errors.slice(0, 8);
  const left = report.errors.slice(8).reduce((sum, error) => sum + error.count, 0);
  const countWidth = Math.max(...shown.map((error) => formatCount(error.count).length));
  return [
    heading('Where errors came from', view),
    ...shown.flatMap((error) => {
      const windows = Object.entries(error.byWindow).filter(([name, count]) => count > 0 && name !== 'run');
      const when = windows.map(([name, count]) => `${formatCount(count)} in ${name}`).join(', ');
      const where = error.host === '-' ? 'no host chosen' : `${error.host} in ${error.zone}`;
      return [
        ...hanging(
          c.red(
            c.bold(
              `${formatCount(error.count).padStart(countWidth)} × ${shorten(plain(formatAnswer(error)), 24)}`,
            ),
          ),
          2,
          (text) => text,
          `${where}${when === '' ? '' : ` (${when})`}`,
          width,
        ),
        ...indented(error.cause, 4, width),
        ...settingsBehind(error).flatMap((each) => indented(placed(each), 4, width).map(c.cyan)),
      ];
    }),
    ...(left === 0 ? [] : indented(`${formatCount(left)} more in smaller groups`, 4, width).map(c.dim)),
  ];
}

/** A setting, and where it is written. */
export const placed = ({ setting, source }: ReturnType<typeof settingsBehind>[number]) =>
  source === undefined ? setting : `${setting}  ${source}`;

function changes({ changes: all = [] }: Report, view: View): string[] {
  if (all.length === 0) return [];
  const { c, width } = view;
  return [
    heading('Changes', view),
    ...all.flatMap((change) => [
      ...hanging(
        mark(changeMark(change), view),
        2,
        c.bold,
        `${change.name}  ${formatChangeTime(change)}`,
        width,
      ),
      ...indented(change.description, 4, width),
      ...indented(formatChangeOutcome(change), 4, width).map(
        change.status === 'rolled-back' ? c.yellow : c.dim,
      ),
    ]),
  ];
}

function faults(report: Report, view: View): string[] {
  const { c, width } = view;
  if (report.faults.length === 0) return [];
  return [
    heading('Faults', view),
    ...report.faults.flatMap((fault) => {
      const { status, observed, expected } = fault.efficacy;
      const proven = status === 'proven';
      return [
        ...hanging(
          mark(proven ? 'pass' : 'invalid', view),
          2,
          c.bold,
          `${fault.name}  ${formatFaultSpan(fault, report)}`,
          width,
        ),
        ...indented(`${fault.description} · ${fault.targets.join(', ')}`, 4, width),
        ...indented(
          `${efficacyWords[status]}: ${observed}${proven ? '' : `; expected ${expected}`}`,
          4,
          width,
        ).map(proven ? c.dim : c.yellow),
      ];
    }),
  ];
}

function remarks(report: Report, view: View): string[] {
  const lines = [
    ...report.gaps.map((gap) => `Missing evidence, ${formatSpan(gap.fromMs, gap.toMs)}: ${gap.what}`),
    ...report.notes,
  ];
  if (lines.length === 0) return [];
  return [
    heading('Notes', view),
    ...lines.flatMap((line) => hanging('-', 2, (text) => text, line, view.width)),
  ];
}

function whereabouts(report: Report, { directory, c, width }: View): string[] {
  return [
    ...hanging(c.dim('Time'), 7, (text) => text, plain(formatTiming(report)), width),
    ...(directory === undefined ? [] : [` ${c.dim('Report')}  ${plain(`${directory}/report.html`)}`]),
    ` ${c.dim('Seed')}    ${formatSeed(report)}`,
    ` ${c.dim('Again')}   ${plain(report.run.command)}`,
  ];
}

export function heading(title: string, { c, width, color }: View): string {
  const rule = (color ? '─' : '-').repeat(Math.max(0, width - title.length - 3));
  return ` ${c.bold(title)} ${c.dim(rule)}`;
}

/** A mark, then text that wraps under itself. */
export function hanging(
  bullet: string,
  gap: number,
  paint: (text: string) => string,
  text: string,
  width: number,
): string[] {
  const bulletWidth = columns(bullet);
  const lines = wrap(plain(text), Math.max(16, width - bulletWidth - gap - 1));
  return lines.map((line, index) =>
    index === 0
      ? ` ${bullet}${' '.repeat(gap)}${paint(line)}`
      : ` ${' '.repeat(bulletWidth + gap)}${paint(line)}`,
  );
}

export function indented(text: string, by: number, width: number): string[] {
  const clean = plain(text);
  return clean === '' ? [] : wrap(clean, Math.max(16, width - by)).map((line) => ' '.repeat(by) + line);
}

/** Joins the parts into as few lines as fit, never breaking a part. */
export function joinWithin(parts: string[], separator: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && columns(last + separator + part) <= width) {
      lines[lines.length - 1] = last + separator + part;
    } else lines.push(part);
  }
  return lines.flatMap((line) => wrap(line, width));
}

/** Column widths: what the cells ask for, the widest giving way until the row fits. */
export function columnWidths(rows: string[][], width: number): number[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => columns(row[column] ?? ''))),
  );
  const total = () => widths.reduce((sum, each) => sum + each, 0) + 2 * (widths.length - 1);
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths));
    const asked = widths[widest] ?? 0;
    if (asked <= 8) break;
    widths[widest] = asked - 1;
  }
  return widths;
}

export function layOut(
  cells: string[],
  widths: number[],
  right: Set<number>,
  paint: (cell: string, column: number) => string,
): string[] {
  const wrapped = cells.map((cell, column) => wrap(cell, widths[column] ?? 8));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    ` ${wrapped
      .map((lines, column) => {
        const cell = lines[row] ?? '';
        const painted = cell === '' ? '' : paint(cell, column);
        return pad(painted, widths[column] ?? 0, right.has(column) ? 'start' : 'end');
      })
      .join('  ')}`.trimEnd(),
  );
}

const spelled: Readonly<Record<string, string>> = {
  '≥': '>=',
  '≤': '<=',
  '→': '->',
  '×': 'x',
  '·': '|',
  '–': '-',
  '—': '-',
  // As wide as what it stands for, which may be in the middle of a line.
  '…': '~',
  µ: 'u',
  '’': "'",
  '“': '"',
  '”': '"',
};

export function ascii(text: string): string {
  return text.replace(/[^\n\u0020-\u007e\p{L}\p{M}\p{N}]/gu, (character) => spelled[character] ?? '?');
}
