import { html } from 'htm/preact';
import type { Report } from '../model.ts';
import { formatMoment, formatPercent, formatWindow, outcomeWords, plural } from '../words.ts';
import type { ChartData, ChartSeries, PageData } from './charts.browser.ts';
import { table } from './table.ts';

type Values = readonly (number | null)[];

/** A chart, what it shows in words, and how a window of a series reads in its table. */
interface Chart extends ChartData {
  readonly title: string;
  readonly explanation: string;
  /** Said instead of the chart when there is nothing to draw. */
  readonly nothing?: string | undefined;
  summarize(values: Values): string;
}

const WIDE = new Set(['throughput', 'latency', 'cpu']);
const MOST_PROGRAMS = 8;
/** With more instances than these, only those that were ejected have a lane. */
const MOST_LANES = 8;

/** Every chart of the report, in order. */
function charts(report: Report): Chart[] {
  return [
    throughput(report),
    latency(report),
    zones(report),
    ejections(report),
    pool(report),
    overflow(report),
    cpu(report),
  ];
}

/** What the script in the page draws. */
export function chartData(report: Report): PageData {
  const { stepMs, steps } = report.series;
  return {
    stepMs,
    steps,
    spans: [
      ...report.gaps.map(({ what, fromMs, toMs }) => ({
        kind: 'gap' as const,
        label: `no evidence: ${what}`,
        fromMs,
        toMs,
      })),
      ...report.faults.flatMap(({ name, kind, injectedAtMs, revertedAtMs }) =>
        injectedAtMs === undefined
          ? []
          : [
              {
                kind: 'fault' as const,
                label: name === kind ? name : `${name} (${kind})`,
                fromMs: injectedAtMs,
                toMs: revertedAtMs ?? report.timing.loadMs,
              },
            ],
      ),
    ].sort((a, b) => a.fromMs - b.fromMs),
    charts: charts(report)
      .filter((chart) => chart.nothing === undefined)
      .map(({ id, kind, axis, unit, scale, max, series }) => ({
        id,
        kind,
        axis,
        unit,
        scale,
        ...(max === undefined ? {} : { max }),
        series: series.map((one) => ({ ...one, values: one.values.map(threeDigits) })),
      })),
  };
}

/** The figures; each says in text and in a table what it draws. Those with nothing to draw say so at the end. */
export function chartFigures(report: Report) {
  const all = charts(report);
  const drawn = all.filter((chart) => chart.nothing === undefined);
  const empty = all.filter((chart) => chart.nothing !== undefined);
  const narrow = drawn.filter((chart) => !WIDE.has(chart.id));
  const lone = narrow.length % 2 === 1 ? narrow.at(-1) : undefined;
  return html`<div class="charts">${drawn.map(
    (
      chart,
    ) => html`<figure class=${`chart card ${WIDE.has(chart.id) || chart === lone ? 'wide' : ''}`} id=${`chart-${chart.id}`}>
      <figcaption><h3>${chart.title} <span class="moment" aria-hidden="true"></span></h3><p>${chart.explanation}</p></figcaption>
      <div class="plot" role="img" aria-label=${inWords(report, chart)}></div>
      <details class="numbers"><summary>The same by window, as a table</summary>${byWindow(report, chart)}</details>
    </figure>`,
  )}</div>
  ${
    empty.length > 0 &&
    html`<dl class="card nothing">${empty.map((chart) => html`<div><dt>${chart.title}</dt><dd>${chart.nothing}</dd></div>`)}</dl>`
  }`;
}

function throughput({ series }: Report): Chart {
  const perSecond = 1_000 / series.stepMs;
  const known: Readonly<Record<string, string>> = outcomeWords;
  const names = Object.keys(series.outcomes);
  return {
    id: 'throughput',
    title: 'Throughput by outcome',
    explanation:
      'Requests per second by the moment they were due, stacked: the top edge is the offered load.',
    kind: 'stack',
    axis: 'requests per second',
    unit: '/s',
    scale: 'linear',
    series: names
      .filter((name) => name === 'ok' || series.outcomes[name]?.some((count) => count > 0))
      .map((name) => ({
        label: known[name] ?? name,
        color: name in known ? `outcome-${name}` : 'series-7',
        values: (series.outcomes[name] ?? []).map((count) => count * perSecond),
      })),
    nothing: names.every((name) => series.outcomes[name]?.every((count) => count === 0))
      ? 'No request was sent.'
      : undefined,
    summarize: (values) => `${round(mean(values))}/s`,
  };
}

function latency({ series }: Report): Chart {
  const { p50, p95, p99 } = series.latencyMs;
  const seen = [...p50, ...p95, ...p99].filter((value) => value !== null && value > 0) as number[];
  const wide = seen.length > 0 && least(seen) * 20 < most(seen);
  return {
    id: 'latency',
    title: 'Latency',
    explanation: `Percentiles of each ${series.stepMs} ms step, counted from the moment a request was due${wide ? '; logarithmic scale' : ''}.`,
    kind: 'lines',
    axis: wide ? 'latency, logarithmic' : 'latency',
    unit: 'ms',
    scale: wide ? 'log' : 'linear',
    series: [
      { label: 'p50', color: 'series-1', values: p50 },
      { label: 'p95', color: 'series-2', values: p95 },
      { label: 'p99', color: 'series-4', values: p99 },
    ],
    nothing: seen.length === 0 ? 'No request was answered, so there is no latency to show.' : undefined,
    summarize: range('ms'),
  };
}

function zones({ series }: Report): Chart {
  const entries = Object.entries(series.zones);
  const totals = Array.from({ length: series.steps }, (_, index) =>
    entries.reduce((sum, [, counts]) => sum + (counts[index] ?? 0), 0),
  );
  return {
    id: 'zones',
    title: 'Traffic share by zone',
    explanation: 'Which zone answered, as a share of the answered requests of each step.',
    kind: 'stack',
    axis: 'share of answered requests',
    unit: '%',
    scale: 'linear',
    max: 100,
    series: entries.map(([name, counts], index) => ({
      label: name,
      color: color(index),
      values: totals.map((total, at) => (total === 0 ? null : (100 * (counts[at] ?? 0)) / total)),
    })),
    nothing: totals.every((total) => total === 0) ? 'No zone answered anything.' : undefined,
    summarize: (values) => `${round(mean(values))} %`,
  };
}

function ejections({ series }: Report): Chart {
  const entries = Object.entries(series.ejected);
  const observed = entries.some(([, values]) => values.some((value) => value !== null));
  const ejected = entries.filter(([, values]) => values.some((value) => (value ?? 0) > 0));
  const shown = entries.length > MOST_LANES ? ejected : entries;
  const others = entries.length - shown.length;
  return {
    id: 'ejections',
    title: 'Ejected instances',
    explanation: `When a client sidecar kept an instance out of rotation (outlier detection).${others === 0 ? '' : ` ${plural(others, 'other instance')} never.`}`,
    kind: 'lanes',
    axis: 'instance',
    unit: '',
    scale: 'linear',
    series: shown.map(([label, values]) => ({ label, color: 'ejected', values })),
    nothing: !observed
      ? 'Ejections were not observed: there are no statistics of the client sidecars.'
      : ejected.length === 0
        ? 'No instance was ejected during the run.'
        : undefined,
    summarize(values) {
      const known = values.filter((value) => value !== null);
      const share = known.filter((value) => value > 0).length / known.length;
      return known.length === 0
        ? 'no data'
        : `ejected ${formatPercent(Number(share.toFixed(3)))} of the time`;
    },
  };
}

function pool({ series }: Report): Chart {
  const observed = [...series.connections, ...series.pending].some((value) => value !== null);
  return {
    id: 'pool',
    title: 'Connection pool',
    explanation: 'Open connections of the clients, and requests that wait for one.',
    kind: 'lines',
    axis: 'connections, requests',
    unit: '',
    scale: 'linear',
    series: [
      { label: 'open connections', color: 'series-1', values: series.connections },
      { label: 'waiting requests', color: 'series-2', values: series.pending },
    ],
    nothing: observed ? undefined : 'The connection pools were not observed.',
    summarize: range(''),
  };
}

function overflow({ series }: Report): Chart {
  const observed = series.overflow.some((value) => value !== null);
  const happened = series.overflow.some((value) => (value ?? 0) > 0);
  return {
    id: 'overflow',
    title: 'Overflow',
    explanation: 'Requests per second that a client sidecar refused because its pool was full.',
    kind: 'stack',
    axis: 'refused per second',
    unit: '/s',
    scale: 'linear',
    series: [
      {
        label: 'refused for lack of a connection',
        color: 'outcome-shed',
        values: series.overflow.map((count) => (count === null ? null : (count * 1_000) / series.stepMs)),
      },
    ],
    nothing: !observed
      ? 'Overflow was not observed.'
      : !happened
        ? 'No pool overflowed during the run.'
        : undefined,
    summarize: (values) => `${round(mean(values))}/s`,
  };
}

function cpu({ series }: Report): Chart {
  const busiest = Object.entries(series.cpu)
    .map(([label, values]) => ({ label, values: held(values, series.stepMs), use: mean(values) }))
    .sort((a, b) => b.use - a.use);
  const kept = busiest.length > MOST_PROGRAMS ? MOST_PROGRAMS - 1 : MOST_PROGRAMS;
  const others = busiest.slice(kept);
  const shown: ChartSeries[] = busiest
    .slice(0, kept)
    .map(({ label, values }, index) => ({ label, values, color: color(index) }));
  const rest: ChartSeries[] =
    others.length === 0
      ? []
      : [{ label: `${others.length} others together`, color: 'muted', values: added(others, series.steps) }];
  return {
    id: 'cpu',
    title: 'CPU',
    explanation: 'CPU use of each program; 1 is one core fully used.',
    kind: 'lines',
    axis: 'cores',
    unit: '',
    scale: 'linear',
    series: [...shown, ...rest],
    nothing: busiest.length === 0 ? 'CPU use was not observed.' : undefined,
    summarize: (values) => `${mean(values).toFixed(2)} cores`,
  };
}

function byWindow(report: Report, chart: Chart) {
  return table(
    ['Series', ...report.windows.map((window) => formatWindow(report, window))],
    chart.series.map((series) => [
      series.label,
      ...report.windows.map((window) => chart.summarize(within(report, series.values, window))),
    ]),
  );
}

function inWords(report: Report, chart: Chart): string {
  const windows = report.windows.map((window) => {
    const parts = chart.series.map(
      (series) => `${series.label} ${chart.summarize(within(report, series.values, window))}`,
    );
    return `${formatWindow(report, window)}: ${parts.join(', ')}`;
  });
  return `${chart.title}, 0 s to ${formatMoment(report.series.steps * report.series.stepMs)}. ${windows.join('. ')}.`;
}

function within({ series }: Report, values: Values, window: { fromMs: number; toMs: number }): Values {
  return values.slice(Math.ceil(window.fromMs / series.stepMs), Math.ceil(window.toMs / series.stepMs));
}

/** Percentiles can't be averaged; their range over the steps can be told. */
function range(unit: string): (values: Values) => string {
  return (values) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return 'no data';
    return `${round(least(known))} to ${round(most(known))} ${unit}`.trimEnd();
  };
}

function mean(values: Values): number {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
}

const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
const color = (index: number) => `series-${(index % 7) + 1}`;

/** Programs are looked at less often than every step: what a look found holds for up to 2 s before it. */
function held(values: Values, stepMs: number): Values {
  const reach = Math.ceil(2_000 / stepMs);
  return values.map(
    (value, index) => value ?? values.slice(index, index + reach).find((later) => later !== null) ?? null,
  );
}

function added(rows: readonly { values: Values }[], steps: number): Values {
  return Array.from({ length: steps }, (_, index) =>
    rows.every(({ values }) => values[index] == null)
      ? null
      : rows.reduce((sum, { values }) => sum + (values[index] ?? 0), 0),
  );
}

function threeDigits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}

function round(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
}
