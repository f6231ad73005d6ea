import { columns, pad, wrap } from '../kit/columns.ts';
import { formatChange, formatMeasure } from '../report/comparison/words.ts';
import type { Held } from './hold.ts';

/** How verdicts are painted; without colours nothing is changed. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly unclear: (text: string) => string;
  readonly faint: (text: string) => string;
}

const words = {
  regressed: 'Worse than the baseline.',
  'not-worse': 'Not worse than the baseline.',
  inconclusive: 'The baseline gives no verdict.',
} as const;

/** What a baseline says about a run, as a table for the terminal. */
export function heldText(held: Held, paint: Paint, width = 100): string {
  const head = ['measure', 'baseline', 'this run', 'worse by', 'margin', 'seen from', ''];
  const rows = held.measures.map((each) => [
    each.title,
    each.lowest === each.highest
      ? formatMeasure(each.middle, each.unit)
      : `${formatMeasure(each.lowest, each.unit)} · ${formatMeasure(each.middle, each.unit)} · ${formatMeasure(each.highest, each.unit)}`,
    formatMeasure(each.now, each.unit),
    formatChange(each.effect),
    formatChange(each.margin),
    each.smallestSeen === undefined || each.smallestSeen > 100 ? '-' : formatChange(each.smallestSeen),
    each.verdict,
  ]);
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(columns)),
  );
  const line = (cells: readonly string[], of: (cell: string, column: number) => string) =>
    `  ${cells.map((cell, column) => of(pad(cell, widths[column] ?? 0), column)).join('  ')}`.trimEnd();
  const of = { regressed: paint.bad, improved: paint.good, same: paint.good, inconclusive: paint.unclear };
  const verdict = { regressed: paint.bad, 'not-worse': paint.good, inconclusive: paint.unclear }[
    held.verdict
  ];
  return [
    verdict(words[held.verdict]),
    ...held.cannot.flatMap((why) => wrap(`It cannot: ${why}.`, width - 2).map((text) => `  ${text}`)),
    line(head, paint.faint),
    ...rows.map((row, index) => {
      const word = held.measures[index]?.verdict ?? 'inconclusive';
      return line(row, (cell, column) => (column === row.length - 1 ? of[word](cell) : cell));
    }),
    ...held.caveats.flatMap((text) => wrap(text, width - 2).map((each) => `  ${paint.faint(each)}`)),
    '',
  ].join('\n');
}
