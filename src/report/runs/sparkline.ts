import { html as h } from 'htm/preact';
import type { RunEntry } from './model.ts';

/** Runs that a line shows: more would be points too close to tell apart. */
const MOST = 50;
const WIDTH = 150;
const HEIGHT = 26;
const MARGIN = 4;

interface Line {
  readonly label: string;
  readonly value: (run: RunEntry) => number | undefined;
  readonly text: (value: number) => string;
  /** The ends of the scale where the values leave room: what is usual stays flat. */
  readonly from?: number;
  readonly to?: number;
}

/** One figure of a scenario's runs, oldest to newest, as a line; runs that did not pass have a mark each. */
export function sparkline(newestFirst: readonly RunEntry[], { label, value, text, from, to }: Line) {
  const known = newestFirst
    .slice(0, MOST)
    .toReversed()
    .flatMap((run) => {
      const figure = value(run);
      return figure === undefined ? [] : [{ run, figure }];
    });
  const newest = known.at(-1);
  if (newest === undefined) return h`<span class="faint">-</span>`;
  const figures = known.map(({ figure }) => figure);
  const lowest = Math.min(...figures, from ?? Number.POSITIVE_INFINITY);
  const highest = Math.max(...figures, to ?? Number.NEGATIVE_INFINITY);
  const x = (index: number) =>
    MARGIN + (known.length === 1 ? 1 : index / (known.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (figure: number) =>
    HEIGHT -
    MARGIN -
    (highest === lowest ? 0.5 : (figure - lowest) / (highest - lowest)) * (HEIGHT - 2 * MARGIN);
  const at = ({ figure }: { readonly figure: number }, index: number) =>
    `${x(index).toFixed(1)},${y(figure).toFixed(1)}`;
  const said = `${label}, ${known.length} runs, oldest to newest: from ${text(Math.min(...figures))} to ${text(Math.max(...figures))}, last ${text(newest.figure)}`;
  return h`<div class="spark">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT} role="img" aria-label=${said}>
      <title>${said}</title>
      <polyline points=${known.map(at).join(' ')} />
      ${known.map((point, index) => mark(point.run, x(index), y(point.figure), index === known.length - 1))}
    </svg>
    <span>${text(newest.figure)}</span>
  </div>`;
}

/** A cross for what failed, a hollow ring for what proved nothing, and a point for the newest. */
function mark({ verdict }: RunEntry, x: number, y: number, isNewest: boolean) {
  const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
  if (verdict === 'fail') {
    return h`<path class="bad" d=${`M${(x - 2.6).toFixed(1)} ${(y - 2.6).toFixed(1)}l5.2 5.2m0-5.2l-5.2 5.2`} />`;
  }
  if (verdict === 'invalid') return h`<circle class="unsure" cx=${cx} cy=${cy} r="2.4" />`;
  return isNewest && h`<circle class="now" cx=${cx} cy=${cy} r="2.6" />`;
}
