import { html as h } from 'htm/preact';
import { formatChange, formatMeasure } from '../report/comparison/words.ts';
import { page } from '../report/html/page.ts';
import { presentable } from '../report/html/presentable.ts';
import { section } from '../report/html/sections.ts';
import { style } from '../report/html/style.ts';
import { table } from '../report/html/table.ts';
import { plural } from '../report/words.ts';
import { type Change, type History, type MeasureSeries, rangeOf, type Series } from './series.ts';

const css = `${style}
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 16px; margin-bottom: 16px; }
.plots figure { padding: 16px 20px; min-width: 0; }
.plots figcaption { display: flex; justify-content: space-between; gap: 12px; }
.plots figcaption span { white-space: nowrap; color: var(--muted); font-variant-numeric: tabular-nums; }
.plots svg { width: 100%; height: auto; overflow: visible; }
.plots text { font: 11px var(--sans); fill: var(--muted); }
.line { fill: none; stroke: var(--series-1); stroke-width: 1.5; }
.dot { fill: var(--series-1); }
.level { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 5 3; }
.change { stroke-width: 1.5; } .change.worse { stroke: var(--fail-ink); } .change.better { stroke: var(--pass-ink); }
.axis { stroke: var(--line); }
.worse { color: var(--fail-ink); font-weight: 650; } .better { color: var(--pass-ink); font-weight: 650; }
`;
const size = { width: 360, height: 150, left: 6, right: 6, top: 12, bottom: 18 } as const;

/** history.html: one file that needs no network and no script. */
export function historyHtml(original: History): string {
  const { series } = presentable(original);
  const changes = series.flatMap(({ measures }) => measures.flatMap((each) => each.changes));
  const worse = changes.filter(({ effect }) => effect > 0).length;
  return page({
    title: `${plural(changes.length, 'change')} in ${plural(series.length, 'series', 'series')}`,
    status: worse > 0 ? 'fail' : 'pass',
    css,
    body: h`
      <header class=${`verdict ${worse > 0 ? 'fail' : 'pass'}`}><div class="inside">
        <p class="origin"><strong>Breakwater</strong><span>history</span></p>
        <div class="said"><div><h1>${plural(worse, 'change')} to the worse<small>and ${plural(changes.length - worse, 'change')} to the better, in ${plural(series.length, 'series', 'series')}</small></h1></div></div>
      </div></header>
      <main>${series.length === 0 ? h`<p class="card none">There are no runs yet.</p>` : series.map(drawn)}</main>
      <footer><p>A line ends where a change begins: from there on values are others than before, by E-divisive and a test by permutations. Everything here is also in history --json.</p></footer>
    `,
  });
}

function drawn(one: Series, index: number) {
  const { scenario, profile, environment, machine, runs, from, to, measures } = one;
  const changes = measures.flatMap((measure) => measure.changes.map((change) => ({ measure, change })));
  const title = `${scenario}${profile === undefined ? '' : ` (${profile})`}`;
  const aside = `${plural(runs, 'run')} on ${environment}, ${from.slice(0, 10)} to ${to.slice(0, 10)}, ${machine.cpus} × ${machine.processor}`;
  return section(
    `series-${index}`,
    title,
    aside,
    h`<div class="plots">${measures.map(plot)}</div>
    ${table(['Measure', 'Before', 'From then on', 'Worse by', 'Since', 'First run', 'Programs that changed'], changes.map(row), 'card')}`,
  );
}

function row({ measure: { title, unit }, change }: { measure: MeasureSeries; change: Change }) {
  const { before, after, effect, at, commit, run, since, versions } = change;
  return [
    title,
    formatMeasure(before, unit),
    formatMeasure(after, unit),
    h`<span class=${effect > 0 ? 'worse' : 'better'}>${formatChange(effect)}</span>`,
    at.slice(0, 10),
    h`<code>${commit?.slice(0, 10) ?? run}</code>${since === undefined ? null : h`<p class="detail">after <code>${since.slice(0, 40)}</code></p>`}`,
    versions.join('; '),
  ];
}

function plot({ title, unit, points, changes }: MeasureSeries) {
  const values = points.map(({ value }) => value);
  const { low, high } = rangeOf(values);
  const room = (high - low) * 0.1;
  const x = (index: number) =>
    size.left + (index / Math.max(1, points.length - 1)) * (size.width - size.left - size.right);
  const y = (value: number) =>
    size.height -
    size.bottom -
    ((value - low + room) / (high - low + 2 * room)) * (size.height - size.top - size.bottom);
  const newest = values.at(-1);
  const levels = changes.flatMap(({ before, after, index }, place) => {
    const start = changes[place - 1]?.index ?? 0;
    const end = changes[place + 1]?.index ?? points.length;
    return [
      ...(place === 0 ? [{ value: before, from: start, to: index - 1 }] : []),
      { value: after, from: index, to: end - 1 },
    ];
  });
  return h`<figure class="card">
    <figcaption><h3>${title}</h3><span>${newest === undefined ? '' : formatMeasure(newest, unit)}</span></figcaption>
    <svg viewBox=${`0 0 ${size.width} ${size.height}`} role="img" aria-label=${`${title} over ${points.length} runs, ${formatMeasure(Math.min(...values), unit)} to ${formatMeasure(Math.max(...values), unit)}, ${changes.length} changes; the changes are in the table`}>
      <line class="axis" x1=${size.left} x2=${size.width - size.right} y1=${size.height - size.bottom} y2=${size.height - size.bottom} />
      <polyline class="line" points=${points.map(({ value }, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />
      ${levels.map(({ value, from, to }) => h`<line class="level" x1=${x(from)} x2=${x(to)} y1=${y(value)} y2=${y(value)} />`)}
      ${changes.map(({ index, effect }) => h`<line class=${`change ${effect > 0 ? 'worse' : 'better'}`} x1=${x(index)} x2=${x(index)} y1=${size.top} y2=${size.height - size.bottom} />`)}
      ${points.map(({ value, run, at, commit }, index) => h`<circle class="dot" cx=${x(index)} cy=${y(value)} r="2.5"><title>${`${at.slice(0, 16)} ${commit?.slice(0, 10) ?? run}: ${formatMeasure(value, unit)}`}</title></circle>`)}
      <text x=${size.left} y=${size.height - 4}>${points[0]?.at.slice(0, 10) ?? ''}</text>
      <text x=${size.width - size.right} y=${size.height - 4} text-anchor="end">${points.at(-1)?.at.slice(0, 10) ?? ''}</text>
      <text x=${size.width - size.right} y=${size.top - 2} text-anchor="end">${`${formatMeasure(Math.min(...values), unit)} to ${formatMeasure(Math.max(...values), unit)}`}</text>
    </svg>
  </figure>`;
}
