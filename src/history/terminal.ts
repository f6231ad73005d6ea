import { columns, pad } from '../kit/columns.ts';
import { plural } from '../kit/format.ts';
import { visible } from '../kit/visible.ts';
import type { Paint } from '../records/terminal.ts';
import { formatChange, formatMeasure } from '../report/comparison/words.ts';
import { type Change, type History, type MeasureSeries, rangeOf, type Series } from './series.ts';

/** Values of a line that is as wide as a table has room for: the newest. */
const mostDrawn = 40;
const bars = '▁▂▃▄▅▆▇█';
/** Where no letters but ASCII are to be. */
const plainBars = '_.-:=+*#';

/** The series as tables: a line drawn of each measure, where it changed, and by how much. */
export function historyText({ series }: History, paint: Paint, color: boolean): string {
  if (series.length === 0) {
    return 'There are no runs yet: npx breakwater history --add RUN puts them in.\n';
  }
  return series.map((each) => seriesText(each, paint, color)).join('\n');
}

function seriesText(one: Series, paint: Paint, color: boolean): string {
  const { scenario, profile, environment, machine, runs, from, to, measures } = one;
  const about = `${visible(scenario)}${profile === undefined ? '' : ` (${visible(profile)})`} on ${visible(environment)}`;
  const head = ['measure', 'runs, oldest first', 'newest', 'changed', 'worse by'];
  const rows = measures.map((measure) => {
    const last = measure.changes.at(-1);
    return [
      measure.title,
      sparkline(measure, color),
      formatMeasure(measure.points.at(-1)?.value ?? 0, measure.unit),
      last === undefined ? '-' : last.at.slice(0, 10),
      last === undefined ? '-' : formatChange(last.effect),
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(columns)),
  );
  const line = (cells: readonly string[], of: (cell: string, column: number) => string) =>
    `  ${cells.map((cell, column) => of(pad(cell, widths[column] ?? 0), column)).join('  ')}`.trimEnd();
  return [
    `${about}: ${plural(runs, 'run')}, ${from.slice(0, 10)} to ${to.slice(0, 10)}`,
    paint.faint(`  ${machine.cpus} × ${visible(machine.processor)}`),
    line(head, paint.faint),
    ...rows.map((row, index) => {
      const effect = measures[index]?.changes.at(-1)?.effect ?? 0;
      const of = effect > 0 ? paint.bad : effect < 0 ? paint.good : (text: string) => text;
      return line(row, (cell, column) => (column >= 3 ? of(cell) : cell));
    }),
    ...measures.flatMap((measure) => measure.changes.map((change) => changeText(measure, change, paint))),
    '',
  ].join('\n');
}

/** "p95 latency: 20 ms, then 31 ms (+55 %) from 2026-03-01 on, commit 0123456789 (before it 9876543210)". */
function changeText({ title, unit }: MeasureSeries, change: Change, paint: Paint): string {
  const { before, after, effect, at, commit, run, since, versions } = change;
  const where = commit === undefined ? `run ${run}` : `commit ${commit.slice(0, 10)}`;
  const text = `  ${visible(title)}: ${formatMeasure(before, unit)}, then ${formatMeasure(after, unit)} (${formatChange(Math.abs(effect)).replace('+', '')} ${effect > 0 ? 'worse' : 'better'}) from ${at.slice(0, 10)} on, ${visible(where)}${since === undefined ? '' : `, after ${visible(since.slice(0, 40))}`}`;
  const cause = versions.length === 0 ? '' : paint.faint(` (${versions.map(visible).join('; ')})`);
  return `${(effect > 0 ? paint.bad : paint.good)(text)}${cause}`;
}

/** The newest values, from the lowest to the highest; a bar stands where a change begins. */
function sparkline({ points, changes }: MeasureSeries, color: boolean): string {
  const drawn = points.slice(-mostDrawn);
  const first = points.length - drawn.length;
  const values = drawn.map(({ value }) => value);
  const { low, high } = rangeOf(points.map(({ value }) => value));
  const levels = color ? bars : plainBars;
  const begins = new Set(changes.map(({ index }) => index));
  return values
    .map((value, index) => {
      const level = Math.round(((value - low) / (high - low)) * (levels.length - 1));
      const mark = begins.has(first + index) ? (color ? '│' : '|') : '';
      return `${mark}${levels[level] ?? ''}`;
    })
    .join('');
}
