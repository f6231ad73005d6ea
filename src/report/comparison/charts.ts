import { html as h } from 'htm/preact';
import { section } from '../html/sections.ts';
import type { ComparedMetric, ComparisonReport } from './model.ts';
import { formatChange, formatInterval, formatMeasure } from './words.ts';

const size = { width: 360, height: 96, left: 12, right: 12, top: 8, bottom: 22 } as const;

/** The change of every pair of rounds as a point, with the margin and the interval that they come to. */
export function strips({ metrics }: ComparisonReport) {
  const shown = metrics.filter(({ values }) => values.some(({ a, b }) => a !== null && b !== null));
  if (shown.length === 0) return null;
  return section(
    'pairs',
    'Pair by pair',
    'a point is B against A in rounds right after each other; the shaded part is within the margin',
    h`<div class="strips">${shown.map(strip)}</div>`,
  );
}

function strip(metric: ComparedMetric) {
  const { title, values, offset, margin, worse, change, changeLow, changeHigh, unit } = metric;
  const points = values.flatMap(({ pair, a, b }) =>
    a === null || b === null ? [] : [{ pair, a, b, at: ratio(a + offset, b + offset) }],
  );
  const bounds = [changeLow, changeHigh].flatMap((bound) => (bound === null ? [] : [Math.log1p(bound)]));
  const most = Math.max(2 * Math.log1p(margin), ...[...points.map(({ at }) => at), ...bounds].map(Math.abs));
  const middle = (size.left + size.width - size.right) / 2;
  const x = (log: number) => middle + (log / most) * ((size.width - size.left - size.right) / 2);
  const bottom = size.height - size.bottom;
  const row = size.top + 8;
  const within = Math.log1p(margin);
  const [low = -most, high = most] = [changeLow, changeHigh].map((bound) =>
    bound === null ? undefined : Math.log1p(bound),
  );
  return h`<figure class="card">
    <figcaption><h3>${title} <small>${worse === 'more' ? 'worse to the right' : 'worse to the left'}</small></h3></figcaption>
    <svg viewBox=${`0 0 ${size.width} ${size.height}`} role="img" aria-label=${`${title}: ${formatInterval(metric)} over ${points.length} pairs of rounds`}>
      <rect class="margin" x=${x(-within)} width=${x(within) - x(-within)} y=${size.top} height=${bottom - size.top} />
      <line class="none" x1=${x(0)} x2=${x(0)} y1=${size.top} y2=${bottom} />
      <line class="axis" x1=${size.left} x2=${size.width - size.right} y1=${bottom} y2=${bottom} />
      ${points.map(
        ({ pair, a, b, at }, index) =>
          h`<circle class="point" cx=${x(at)} cy=${row + 14 + ((index * 7) % 5) * 8} r="3.5"><title>${`pair ${pair}: ${formatMeasure(a, unit)} and ${formatMeasure(b, unit)}`}</title></circle>`,
      )}
      ${change !== null && h`<line class="interval" x1=${x(low)} x2=${x(high)} y1=${row} y2=${row} /><circle class="middle" cx=${x(Math.log1p(change))} cy=${row} r="4" />`}
      <text x=${size.left} y=${size.height - 6}>${formatChange(Math.expm1(-most))}</text>
      <text x=${x(0)} y=${size.height - 6} text-anchor="middle">the same</text>
      <text x=${size.width - size.right} y=${size.height - 6} text-anchor="end">${formatChange(Math.expm1(most))}</text>
    </svg>
  </figure>`;
}

const ratio = (a: number, b: number) => (a === b ? 0 : Math.log(Math.max(b, 1e-6) / Math.max(a, 1e-6)));
