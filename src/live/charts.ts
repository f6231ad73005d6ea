import { html as h } from 'htm/preact';
import { formatMs } from '../report/words.ts';
import type { TrialView } from './view.ts';

const WIDTH = 560;
const LEFT = 46;
const PLOT = WIDTH - LEFT - 8;
const HEIGHT = 170;
const HEAD = 20;
const FOOT = 18;

const outcomes = ['ok', 'shed', 'error', 'unanswered'] as const;
const percentiles = ['p50', 'p95', 'p99'] as const;

/** Bars that a chart has at most: each stands for as many seconds as that takes. */
const MOST_BARS = 120;

type Seconds = TrialView['seconds'];

/** So many seconds in one: what a second of them had on average, and the highest percentiles. */
function gathered(seconds: Seconds, span: number): { readonly each: number; readonly steps: Seconds } {
  const each = Math.ceil(span / MOST_BARS);
  if (each === 1) return { each, steps: seconds };
  const steps = Array.from({ length: Math.ceil(seconds.length / each) }, (_, step) => {
    const own = seconds.slice(step * each, (step + 1) * each);
    const mean = (outcome: keyof Seconds[number]['counts']) =>
      own.reduce((total, { counts }) => total + counts[outcome], 0) / own.length;
    const highest = (index: 0 | 1 | 2) =>
      Math.max(...own.map(({ percentilesMs }) => percentilesMs?.[index] ?? 0));
    return {
      counts: { ok: mean('ok'), shed: mean('shed'), error: mean('error'), unanswered: mean('unanswered') },
      percentilesMs: own.some(({ percentilesMs }) => percentilesMs !== undefined)
        ? ([highest(0), highest(1), highest(2)] as const)
        : undefined,
    };
  });
  return { each, steps };
}

/** Requests and latency by the second, over the faults as they were planned and came, with now marked. */
export function liveCharts(trial: TrialView) {
  return h`<div class="livecharts">${throughput(trial)}${latency(trial)}</div>`;
}

/** Seconds that the charts span: the whole load, so that what is to come has its place. */
const spanOf = ({ atMs, durationMs }: TrialView) => Math.max(1, Math.max(atMs, durationMs) / 1_000);

function throughput(trial: TrialView) {
  const span = spanOf(trial);
  const { each, steps } = gathered(trial.seconds, span);
  const most = niceAbove(Math.max(1, ...steps.map(({ counts }) => sum(counts))));
  const width = (PLOT / span) * each;
  const y = (count: number) => (count / most) * HEIGHT;
  const bars = steps.flatMap(({ counts }, step) => {
    let top = HEAD + HEIGHT;
    return outcomes.map((outcome) => {
      const height = y(counts[outcome]);
      top -= height;
      return height === 0
        ? null
        : h`<rect class=${outcome} x=${(LEFT + step * width).toFixed(1)} y=${top.toFixed(1)} width=${Math.max(0.6, width - 0.6).toFixed(2)} height=${height.toFixed(1)} />`;
    });
  });
  return chart(
    trial,
    'Requests a second, by how they ended',
    frame(trial, most, (value) => String(value), bars),
    outcomes.map((outcome): [string, string] => [outcome, outcome]),
  );
}

function latency(trial: TrialView) {
  const span = spanOf(trial);
  const { each, steps } = gathered(trial.seconds, span);
  const known = steps.flatMap(({ percentilesMs }) => percentilesMs?.[2] ?? []);
  const most = niceAbove(Math.max(1, ...known));
  const lines = percentiles.map((name, index) => {
    const points = steps.flatMap(({ percentilesMs }, step) => {
      const value = percentilesMs?.[index];
      if (value === undefined) return [];
      const x = LEFT + (((step + 0.5) * each) / span) * PLOT;
      return [`${x.toFixed(1)},${(HEAD + HEIGHT - (value / most) * HEIGHT).toFixed(1)}`];
    });
    return h`<polyline class=${name} points=${points.join(' ')} />`;
  });
  return chart(
    trial,
    'Latency, from when a request was due',
    frame(trial, most, formatMs, lines),
    percentiles.map((name): [string, string] => [name, name]),
  );
}

function chart(trial: TrialView, title: string, body: unknown, legend: readonly [string, string][]) {
  const faults = trial.faults.map(({ name, state }) => `${name} ${state}`).join(', ');
  return h`<figure class="card livechart">
    <figcaption><h3>${title}</h3></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEAD + HEIGHT + FOOT}`} role="img" aria-label=${`${title}, ${trial.seconds.length} seconds so far${faults === '' ? '' : `; ${faults}`}. The figures above have its numbers.`}>${body}</svg>
    <div class="legend">${legend.map(([name, words]) => h`<span><i class=${`i-${name}`}></i>${words}</span>`)}</div>
  </figure>`;
}

/** Axes, faults and now, with what is drawn over them. */
function frame(trial: TrialView, most: number, text: (value: number) => string, body: unknown) {
  const span = spanOf(trial);
  const x = (ms: number) => LEFT + Math.min(1, ms / 1_000 / span) * PLOT;
  const every = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800].find((step) => span / step <= 7) ?? 3_600;
  const marks = Array.from({ length: Math.floor(span / every) + 1 }, (_, index) => index * every);
  return h`
    ${[0, 0.5, 1].map((part) => {
      const at = HEAD + HEIGHT * (1 - part);
      return h`<line class="grid" x1=${LEFT} x2=${WIDTH - 8} y1=${at} y2=${at} /><text x=${LEFT - 6} y=${at + 4} text-anchor="end">${text(most * part)}</text>`;
    })}
    ${marks.map((mark) => h`<text x=${x(mark * 1_000).toFixed(1)} y=${HEAD + HEIGHT + 14} text-anchor="middle">${mark} s</text>`)}
    ${trial.faults.map(({ name, fromMs, toMs, state }) => {
      const left = x(fromMs);
      return h`<rect class=${state === 'planned' ? 'planned' : 'on'} x=${left.toFixed(1)} y=${HEAD} width=${Math.max(1, x(toMs) - left).toFixed(1)} height=${HEIGHT} /><text x=${(left + 4).toFixed(1)} y=${HEAD - 6}>${name}</text>`;
    })}
    ${body}
    <line class="nowline" x1=${x(trial.atMs).toFixed(1)} x2=${x(trial.atMs).toFixed(1)} y1=${HEAD - 4} y2=${HEAD + HEIGHT} />`;
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
