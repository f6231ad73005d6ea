import { html as h } from 'htm/preact';
import { section } from '../html/sections.ts';
import { formatMs, formatPercent } from '../words.ts';
import type { TuningReport } from './model.ts';

type Trial = TuningReport['trials'][number];

/** One drawing: offered load against something. */
interface Plot {
  readonly id: string;
  readonly title: string;
  readonly of: (trial: Trial) => number | undefined;
  readonly format: (value: number) => string;
  /** Where goodput would be if all that is offered were answered well. */
  readonly ideal?: boolean;
}

const plots: readonly Plot[] = [
  {
    id: 'goodput',
    title: 'Goodput',
    of: ({ goodput }) => goodput,
    format: (value) => `${Math.round(value)}/s`,
    ideal: true,
  },
  { id: 'latency', title: 'Latency', of: ({ latency }) => latency?.ms, format: formatMs },
  {
    id: 'refused',
    title: 'Refused share',
    of: ({ refused }) => refused,
    format: (value) => formatPercent(Number(value.toFixed(3))),
  },
];

const size = { width: 360, height: 220, left: 54, right: 10, top: 10, bottom: 30 } as const;
const ticks = [0, 0.25, 0.5, 0.75, 1];

const stages = {
  before: 'before: without limits, or as written',
  search: 'on the way',
  after: 'with the limits found',
} as const;

/** Offered load against goodput, latency and refused share; every point leads to its trial. */
export function tuningCharts({ trials }: TuningReport) {
  const known = trials.filter(({ goodput }) => goodput !== undefined);
  if (known.length === 0) return null;
  // What matters most is drawn last, and so above the rest.
  const ordered = (['search', 'before', 'after'] as const).flatMap((stage) =>
    known.filter((trial) => trial.stage === stage),
  );
  return section(
    'charts',
    'Offered load against what came of it',
    '',
    h`<p class="legend">${Object.entries(stages).map(
      ([stage, words]) =>
        h`<span><svg viewBox="0 0 12 12" aria-hidden="true"><circle class=${`point ${stage}`} cx="6" cy="6" r="4.5" /></svg> ${words}</span>`,
    )}</p>
    <div class="plots">${plots.map((plot) => drawing(plot, ordered))}</div>`,
  );
}

function drawing(plot: Plot, trials: readonly Trial[]) {
  const points = trials.flatMap((trial) => {
    const value = plot.of(trial);
    return value === undefined ? [] : [{ trial, value }];
  });
  const mostOffered = roundUp(Math.max(...trials.map(({ offered }) => offered)));
  const most = roundUp(Math.max(plot.ideal ? mostOffered : 0, ...points.map(({ value }) => value)));
  const x = (offered: number) => size.left + (offered / mostOffered) * (size.width - size.left - size.right);
  const y = (value: number) =>
    size.height - size.bottom - (value / most) * (size.height - size.top - size.bottom);
  const bottom = size.height - size.bottom;
  return h`<figure class="card">
    <figcaption><h3>${plot.title}</h3></figcaption>
    <svg viewBox=${`0 0 ${size.width} ${size.height}`} role="img" aria-label=${`${plot.title} against offered load, ${points.length} trials; the same numbers are in the table of trials`}>
      ${ticks.map(
        (share) =>
          h`<line class="grid" x1=${size.left} x2=${size.width - size.right} y1=${y(share * most)} y2=${y(share * most)} /><text x=${size.left - 6} y=${y(share * most) + 4} text-anchor="end">${plot.format(share * most)}</text>`,
      )}
      ${ticks.map(
        (share) =>
          h`<text x=${x(share * mostOffered)} y=${size.height - 10} text-anchor="middle">${`${Math.round(share * mostOffered)}/s`}</text>`,
      )}
      <line class="axis" x1=${size.left} x2=${size.width - size.right} y1=${bottom} y2=${bottom} />
      ${plot.ideal && h`<line class="ideal" x1=${x(0)} y1=${y(0)} x2=${x(Math.min(mostOffered, most))} y2=${y(Math.min(mostOffered, most))} />`}
      ${points.map(
        ({ trial, value }) =>
          h`<a href=${`trials/${trial.name}/report.html`}><circle class=${`point ${trial.stage}`} cx=${x(trial.offered)} cy=${y(value)} r=${trial.stage === 'search' ? 3.5 : 5}><title>${`${trial.name}: ${trial.limits}, ${Math.round(trial.offered)}/s, ${plot.format(value)}, ${trial.verdict}`}</title></circle></a>`,
      )}
    </svg>
  </figure>`;
}

/** The next number that divides into four steps which read well. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].find((each) => each * power >= value) ?? 10) * power;
}
