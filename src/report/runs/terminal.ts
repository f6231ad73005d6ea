import pc from 'picocolors';
import { ascii, columnWidths, heading, layOut, mark, type TerminalOptions, type View } from '../terminal.ts';
import { formatCount, plain, plural } from '../words.ts';
import { type Runs, seriesOf } from './model.ts';
import { countOf, nameOf, numbersOf, standing } from './words.ts';

/** A line a scenario: what its newest run came to, and how many runs there are. */
export function runsTerminal(runs: Runs, options: TerminalOptions): string {
  const view: View = { ...options, width: Math.max(40, options.width), c: pc.createColors(options.color) };
  const { c } = view;
  const head = ['', 'scenario', 'succeeded', 'p95', 'newest run', 'runs', 'fail', 'invalid'];
  const rows = seriesOf(runs).map(({ newest, runs: all }) => {
    const numbers = numbersOf(newest);
    const counts = (['fail', 'invalid'] as const).map((verdict) => countOf(all, verdict));
    return [
      mark(newest.verdict, view),
      plain(nameOf(newest)),
      plain(numbers.Succeeded),
      plain(numbers.p95),
      plain(newest.startedAt.slice(5, 16).replace('T', ' ')),
      ...[all.length, ...counts].map((count) => (count === 0 ? '-' : formatCount(count))),
    ];
  });
  const widths = columnWidths([head, ...rows], view.width - 2);
  const right = new Set([2, 3, 5, 6, 7]);
  const text = [
    heading(plural(runs.runs.length, 'run'), view),
    ` ${plain(standing(runs).sentence)}`,
    '',
    ...layOut(head, widths, right, (cell) => c.dim(cell)),
    ...rows.flatMap((cells) => layOut(cells, widths, right, (cell) => cell)),
    ...(runs.unreadable.length === 0
      ? []
      : [
          '',
          ` ${c.yellow(`${plural(runs.unreadable.length, 'report')} could not be read: ${runs.unreadable.map(({ folder }) => plain(folder)).join(', ')}`)}`,
        ]),
  ].join('\n');
  return `${options.color ? text : ascii(text)}\n`;
}
