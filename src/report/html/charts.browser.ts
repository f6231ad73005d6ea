/// <reference lib="dom" />
/**
 * Draws the charts in the reader's browser. Inlined into report.html as it is, types stripped:
 * it must import nothing, and takes its data from the page.
 */
import type uPlotType from 'uplot';

/** One series as drawn; a null is a step without data. */
export interface ChartSeries {
  readonly label: string;
  /** Name of a CSS custom property. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

/** stack: areas on top of each other; lines: side by side; lanes: one row each, filled while the value is 1. */
export interface ChartData {
  readonly id: string;
  readonly kind: 'stack' | 'lines' | 'lanes';
  /** What the vertical axis counts, and the unit behind each of its numbers. */
  readonly axis: string;
  readonly unit: string;
  readonly scale: 'linear' | 'log';
  /** Upper end of the vertical axis where it is known. */
  readonly max?: number;
  readonly series: readonly ChartSeries[];
}

export interface PageData {
  readonly stepMs: number;
  readonly steps: number;
  readonly spans: readonly {
    readonly kind: 'fault' | 'gap';
    readonly label: string;
    readonly fromMs: number;
    readonly toMs: number;
  }[];
  readonly charts: readonly ChartData[];
}

declare const uPlot: typeof uPlotType;

const page = JSON.parse(document.getElementById('report-data')?.textContent ?? '') as PageData;
const step = page.stepMs / 1_000;
const end = page.steps * step;
const hidden = new Map<string, Set<number>>();
let zoom: [number, number] | undefined;
let plots: uPlotType[] = [];
let theme = readTheme();

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return { color, font: `12px ${style.getPropertyValue('--sans')}` };
}

/** 1234.5 → "1,235"; small numbers keep up to three digits. */
function number(value: number): string {
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function withUnit(value: number, unit: string): string {
  return unit === '' || unit.startsWith('/') ? number(value) + unit : `${number(value)} ${unit}`;
}

function read(chart: ChartData, series: ChartSeries, index: number): string {
  const value = series.values[index];
  if (value === null || value === undefined) return 'no data';
  if (chart.kind === 'lanes') return value > 0 ? 'ejected' : 'in rotation';
  return withUnit(value, chart.unit);
}

/** Values as drawn: areas stacked on those before them, and the last step drawn to its end. */
function columns(chart: ChartData): uPlotType.AlignedData {
  const off = hidden.get(chart.id);
  const stepped = chart.kind !== 'lines';
  const count = stepped ? page.steps + 1 : page.steps;
  const xs = Array.from({ length: count }, (_, index) => (stepped ? index : index + 0.5) * step);
  const floor = new Array<number>(count).fill(0);
  const ys = chart.series.map((series, row) =>
    xs.map((_, index) => {
      const value = series.values[Math.min(index, page.steps - 1)] ?? null;
      if (chart.kind !== 'stack' || off?.has(row)) return value;
      floor[index] = (floor[index] ?? 0) + (value ?? 0);
      return value === null ? null : floor[index];
    }),
  );
  return [xs, ...ys] as uPlotType.AlignedData;
}

function bounds(chart: ChartData) {
  return (_: uPlotType, low: number | null, high: number | null): [number, number] => {
    if (chart.kind === 'lanes') return [0, chart.series.length];
    if (chart.max !== undefined) return [0, chart.max];
    if (high === null || low === null) return chart.scale === 'log' ? [1, 10] : [0, 1];
    if (chart.scale === 'log') {
      const bottom = 10 ** Math.floor(Math.log10(Math.max(low, 0.001)));
      return [bottom, Math.max(high * 1.3, bottom * 10)];
    }
    return [0, high > 0 ? high * 1.12 : 1];
  };
}

/** Faults and missing evidence: shaded behind the curves, their ends marked over them. */
function shade(u: uPlotType, over: boolean): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const span of page.spans) {
    const left = u.valToPos(span.fromMs / 1_000, 'x', true);
    const right = u.valToPos(span.toMs / 1_000, 'x', true);
    if (!over) {
      ctx.fillStyle = theme.color(span.kind === 'fault' ? 'span-fault' : 'span-gap');
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      continue;
    }
    ctx.strokeStyle = theme.color(span.kind === 'fault' ? 'span-fault-edge' : 'muted');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    for (const x of [left, right]) {
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
    }
    ctx.stroke();
  }
  ctx.restore();
}

/** What the shades are, above the plot where no curve can hide it. */
function nameSpans(u: uPlotType): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${11 * ratio}px ${theme.font.slice(5)}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  let free = bbox.left;
  for (const span of page.spans) {
    const from = Math.max(u.valToPos(span.fromMs / 1_000, 'x', true), bbox.left);
    const to = Math.min(u.valToPos(span.toMs / 1_000, 'x', true), bbox.left + bbox.width);
    if (to <= bbox.left || from >= bbox.left + bbox.width) continue;
    const left = Math.max(from, free);
    const text = clip(ctx, span.label, bbox.left + bbox.width - left - 4 * ratio);
    ctx.fillStyle = theme.color(span.kind === 'fault' ? 'span-fault-edge' : 'muted');
    ctx.fillRect(from, bbox.top - 4 * ratio, to - from, 3 * ratio);
    if (text === '') continue;
    ctx.fillStyle = theme.color(span.kind === 'fault' ? 'fail-ink' : 'muted');
    ctx.fillText(text, left, bbox.top - 13 * ratio);
    free = left + ctx.measureText(text).width + 10 * ratio;
  }
  ctx.restore();
}

function clip(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  for (let length = Math.min(text.length, 60); length > 3; length -= 1) {
    const short = `${text.slice(0, length)}…`;
    if (ctx.measureText(short).width <= width) return short;
  }
  return '';
}

/** A row per instance: its name, and a bar while it is ejected. */
function lanes(u: uPlotType, chart: ChartData): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const height = bbox.height / chart.series.length;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * ratio}px ${theme.font.slice(5)}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  chart.series.forEach((series, row) => {
    const top = bbox.top + row * height;
    const bar = top + height * 0.55;
    const off = hidden.get(chart.id)?.has(row);
    ctx.fillStyle = theme.color('line');
    ctx.fillRect(bbox.left, bar + height * 0.14, bbox.width, ratio);
    for (let index = 0; index < page.steps && !off; index += 1) {
      const from = index;
      while (index < page.steps && (series.values[index] ?? 0) > 0) index += 1;
      if (index === from) continue;
      const left = u.valToPos(from * step, 'x', true);
      ctx.fillStyle = theme.color(series.color);
      ctx.fillRect(left, bar, u.valToPos(index * step, 'x', true) - left, height * 0.32);
    }
    ctx.fillStyle = theme.color('ink');
    ctx.fillText(clip(ctx, series.label, bbox.width - 12 * ratio), bbox.left + 6 * ratio, top + height * 0.3);
  });
  ctx.restore();
}

/** What went wrong is at least two pixels tall: one error among a thousand requests must be seen too. */
function thicken(u: uPlotType, chart: ChartData): void {
  const { ctx, bbox } = u;
  const tall = 2 * devicePixelRatio;
  chart.series.forEach((series, row) => {
    if (!isTrouble(series) || hidden.get(chart.id)?.has(row)) return;
    ctx.fillStyle = theme.color(series.color);
    series.values.forEach((value, index) => {
      const top = u.data[row + 1]?.[index];
      const left = u.valToPos(index * step, 'x', true);
      const right = u.valToPos((index + 1) * step, 'x', true);
      if (!value || top == null || right <= bbox.left || left >= bbox.left + bbox.width) return;
      const from = Math.max(left, bbox.left);
      const until = Math.min(right, bbox.left + bbox.width);
      ctx.fillRect(from, u.valToPos(top, 'y', true) - tall / 2, until - from, tall);
    });
  });
}

function isTrouble(series: ChartSeries): boolean {
  return series.color.startsWith('outcome-') && series.color !== 'outcome-ok';
}

/** What went well stays in the background; what did not must be seen even where it is thin. */
function fillOf(series: ChartSeries | undefined): string {
  const color = theme.color(series?.color ?? 'muted');
  return series && isTrouble(series) ? color : `${color}80`;
}

/** Only points without neighbours: a line would not show them. */
function lonely(u: uPlotType, row: number): number[] {
  const values = u.data[row] ?? [];
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}

function options(chart: ChartData, figure: HTMLElement, width: number): uPlotType.Options {
  const off = hidden.get(chart.id);
  const stack = chart.kind === 'stack';
  const shown = chart.series.map((_, row) => row).filter((row) => !off?.has(row));
  const axis = {
    stroke: theme.color('muted'),
    font: theme.font,
    labelFont: theme.font,
    grid: { stroke: theme.color('grid'), width: 1 },
    ticks: { stroke: theme.color('grid'), width: 1, size: 4 },
  };
  return {
    width,
    height: chart.kind === 'lanes' ? 74 + 34 * chart.series.length : 250,
    padding: [26, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'breakwater', setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: chart.kind === 'lines' ? { size: 7 } : { show: false },
      y: false,
      bind: {
        dblclick: () => () => {
          zoomTo(undefined);
          return null;
        },
      },
    },
    scales: {
      x: { time: false, range: () => zoom ?? [0, end] },
      y: { range: bounds(chart), distr: chart.scale === 'log' ? 3 : 1 },
    },
    axes: [
      {
        ...axis,
        size: 34,
        label: 'time since the load started',
        labelSize: 18,
        values: (_, splits) => splits.map((value) => (value === null ? '' : `${number(value)} s`)),
      },
      {
        ...axis,
        // As wide as "10,000 ms", and alike in all charts so that their times stand under each other.
        size: 72,
        label: chart.axis,
        labelSize: 18,
        ...(chart.kind === 'lanes' ? { splits: [], grid: { show: false } } : {}),
        values: (_, splits) => splits.map((value) => (value === null ? '' : withUnit(value, chart.unit))),
      },
    ],
    series: [
      {},
      ...chart.series.map((series, row) => ({
        label: series.label,
        show: !off?.has(row),
        stroke: theme.color(series.color),
        width: stack ? 0 : 1.75,
        points: { filter: chart.kind === 'lines' ? lonely : [], show: chart.kind === 'lines' },
        ...(stack ? { fill: fillOf(series) } : {}),
        ...(stack && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
        ...(chart.kind === 'lanes' ? { paths: () => null } : {}),
      })),
    ],
    bands: stack
      ? shown.slice(1).map((row, index) => ({
          series: [row + 1, (shown[index] ?? 0) + 1],
          fill: fillOf(chart.series[row]),
        }))
      : [],
    hooks: {
      drawClear: [(u) => shade(u, false)],
      draw: [
        (u) => thicken(u, chart),
        (u) => shade(u, true),
        nameSpans,
        ...(chart.kind === 'lanes' ? [(u: uPlotType) => lanes(u, chart)] : []),
      ],
      setCursor: [(u) => showValues(chart, figure, stepUnder(u))],
      setSelect: [
        (u) => {
          if (u.select.width < 5) return;
          const from = u.posToVal(u.select.left, 'x');
          const to = u.posToVal(u.select.left + u.select.width, 'x');
          zoomTo([Math.max(0, from), Math.min(end, to)]);
        },
      ],
    },
  };
}

function zoomTo(range: [number, number] | undefined): void {
  zoom = range;
  document.body.classList.toggle('zoomed', range !== undefined);
  for (const plot of plots) {
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    plot.setScale('x', { min: range?.[0] ?? 0, max: range?.[1] ?? end });
  }
}

function stepUnder(u: uPlotType): number | undefined {
  const left = u.cursor.left ?? -1;
  if (left < 0) return undefined;
  return Math.min(page.steps - 1, Math.max(0, Math.floor(u.posToVal(left, 'x') / step)));
}

function showValues(chart: ChartData, figure: HTMLElement, index: number | undefined): void {
  const moment = figure.querySelector('.moment');
  if (moment) moment.textContent = index === undefined ? '' : `at ${(index * step).toFixed(1)} s`;
  figure.querySelectorAll('.legend output').forEach((output, row) => {
    const series = chart.series[row];
    output.textContent = series && index !== undefined ? read(chart, series, index) : '';
  });
}

/** A button per series: shows its value under the cursor, hides and brings it back. */
function legend(chart: ChartData, figure: HTMLElement): void {
  if (chart.kind === 'lanes') return;
  const list = document.createElement('div');
  list.className = 'legend';
  chart.series.forEach((series, row) => {
    const off = hidden.get(chart.id);
    const button = document.createElement('button');
    button.type = 'button';
    button.title = `Hide or show ${series.label}`;
    button.setAttribute('aria-pressed', String(!off?.has(row)));
    const swatch = document.createElement('i');
    swatch.style.background = theme.color(series.color);
    const name = document.createElement('span');
    name.textContent = series.label;
    button.append(swatch, name, document.createElement('output'));
    button.addEventListener('click', () => {
      const rows = hidden.get(chart.id) ?? new Set<number>();
      if (!rows.delete(row)) rows.add(row);
      hidden.set(chart.id, rows);
      draw();
    });
    list.append(button);
  });
  figure.querySelector('.legend')?.remove();
  figure.querySelector('.plot')?.before(list);
}

function draw(): void {
  const focused = document.activeElement;
  const at = focused ? [...document.querySelectorAll('.legend button')].indexOf(focused) : -1;
  theme = readTheme();
  for (const plot of plots) plot.destroy();
  plots = page.charts.flatMap((chart) => {
    const figure = document.getElementById(`chart-${chart.id}`);
    const place = figure?.querySelector<HTMLElement>('.plot');
    if (!figure || !place) return [];
    legend(chart, figure);
    return [new uPlot(options(chart, figure, place.clientWidth), columns(chart), place)];
  });
  document.querySelectorAll<HTMLElement>('.legend button')[at]?.focus();
}

draw();
document.body.classList.add('charted');
document.getElementById('reset-zoom')?.addEventListener('click', () => zoomTo(undefined));
for (const query of ['(prefers-color-scheme: dark)', 'print'])
  matchMedia(query).addEventListener('change', draw);
let width = document.body.clientWidth;
new ResizeObserver(() => {
  if (width === document.body.clientWidth) return;
  width = document.body.clientWidth;
  for (const plot of plots) {
    const place = plot.root.parentElement;
    if (place) plot.setSize({ width: place.clientWidth, height: plot.height });
  }
}).observe(document.body);
