import { html as h } from 'htm/preact';
import { renderToString } from 'preact-render-to-string';
import { readBrowserScript } from '../report/html/assets.ts';
import { page, raw } from '../report/html/page.ts';
import { presentable } from '../report/html/presentable.ts';
import { section, state, stateIcon } from '../report/html/sections.ts';
import { style } from '../report/html/style.ts';
import { table } from '../report/html/table.ts';
import { topologyFigures } from '../report/html/topology.ts';
import { formatCount, formatMs, formatPercent } from '../report/words.ts';
import { liveCharts } from './charts.ts';
import type { LiveCheck, LiveView, TrialView } from './view.ts';

const css = `${style}
.live { color: var(--ink); background: var(--surface); border-bottom: 1px solid var(--line); }
.live .inside { padding-top: 18px; padding-bottom: 20px; }
.live h1 { font-size: clamp(30px, 4.6vw, 48px); }
.live .top { display: flex; flex-wrap: wrap; gap: 14px 24px; align-items: center; justify-content: space-between; margin: 16px 0 14px; }
.live .now { color: var(--muted); margin-top: 6px; min-height: 1.5em; }
.live.over { color: #fff; background: var(--pass); } .live.over.fail { background: var(--fail); } .live.over.invalid { color: var(--on-invalid); background: var(--invalid); }
.live.over .now { color: inherit; }
.live .figures { background: var(--line); border: 1px solid var(--line); } .live .figure { background: var(--raised); color: var(--ink); }
#stop { font: 600 15px/1 var(--sans); padding: 12px 22px; border-radius: 99px; border: 2px solid var(--fail-ink); color: var(--fail-ink); background: var(--surface); cursor: pointer; }
#stop[data-sure]::after { content: "? Press again"; } #stop[data-sure] { color: #fff; background: var(--fail); border-color: var(--fail); }
#stop:disabled { opacity: .55; cursor: default; }
#lost { display: none; margin-top: 10px; color: var(--fail-ink); font-weight: 600; } .lost #lost { display: block; }
.progress { height: 6px; border-radius: 3px; background: var(--grid); overflow: hidden; margin-bottom: 16px; } .progress svg { display: block; width: 100%; height: 6px; } .progress rect { fill: var(--edge); }
.livecharts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
.livechart { padding: 14px 18px 10px; min-width: 0; }
.livechart svg { display: block; width: 100%; height: auto; overflow: visible; }
.livechart text { font: 11px var(--sans); fill: var(--muted); } .livechart .grid { stroke: var(--grid); }
.livechart .on { fill: var(--span-fault); stroke: var(--span-fault-edge); stroke-width: .8; } .livechart .planned { fill: none; stroke: var(--span-fault-edge); stroke-dasharray: 3 3; }
.livechart .nowline { stroke: var(--ink); stroke-width: 1.4; }
.livechart .ok { fill: var(--outcome-ok); } .livechart .shed { fill: var(--outcome-shed); } .livechart .error { fill: var(--outcome-error); } .livechart .unanswered { fill: var(--outcome-unanswered); }
.livechart polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; } .livechart .p50 { stroke: var(--series-3); } .livechart .p95 { stroke: var(--series-1); } .livechart .p99 { stroke: var(--series-2); }
.livechart .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 6px 0 0; font-size: 13.5px; } .livechart .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.i-ok { background: var(--outcome-ok); } .i-shed { background: var(--outcome-shed); } .i-error { background: var(--outcome-error); } .i-unanswered { background: var(--outcome-unanswered); } .i-p50 { background: var(--series-3); } .i-p95 { background: var(--series-1); } .i-p99 { background: var(--series-2); }
.edge.fine { stroke-dasharray: 33 3; animation: flow 1s linear infinite; } .edge.failing { animation: flow 1s linear infinite; }
@keyframes flow { to { stroke-dashoffset: -36; } }
@media (prefers-reduced-motion: reduce) { .edge.fine, .edge.failing { animation: none; } .edge.fine { stroke-dasharray: none; } }
.topology svg { max-width: 640px; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.livechecks td:nth-child(2) { width: 46%; }
`;

/** The page as it is when somebody opens it; its script puts each view in the place of the one before. */
export function livePage(view: LiveView): string {
  const script = readBrowserScript(new URL('./live.browser.ts', import.meta.url));
  return page({
    title: `${view.title}, live`,
    status: view.ended?.status ?? 'invalid',
    css,
    scripts: [script],
    asksServer: true,
    body: h`
      <a class="skip" href="#charts">Skip to the charts</a>
      <div id="view">${content(view)}</div>
      <p class="spoken" role="status" aria-live="polite" id="said"></p>
      <footer><p>Served on this machine alone, for as long as this goes on.</p></footer>
      <script type="module" ...${raw(script)} />
    `,
  });
}

/** What changes of the page. */
export const liveContent = (view: LiveView): string => renderToString(h`<div>${content(view)}</div>`);

function content(original: LiveView) {
  const view = presentable(original);
  const { trial, standing } = view;
  return h`
    ${band(view)}
    <main>
      ${standing !== undefined && section('standing', standing.title, standing.aside, table(standing.head, standing.rows, 'card'))}
      ${trial !== undefined && map(trial)}
      ${trial !== undefined && section('charts', 'So far', '', liveCharts(trial))}
      ${trial !== undefined && trial.checks.length > 0 && checks(trial)}
    </main>`;
}

function band(view: LiveView) {
  const { ended, trial, title, scenario, environment } = view;
  const kind = ended === undefined ? 'live' : `live over ${ended.status}`;
  return h`<header class=${kind}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong><span>${title}</span>${scenario !== undefined && h`<strong>${scenario}</strong>`}${environment !== undefined && h`<span>${environment}</span>`}</p>
      <div class="top">
        <div>
          <h1>${ended === undefined ? 'Live' : ended.label}</h1>
          <p class="now" data-said>${ended === undefined ? view.step : ended.summary}</p>
          ${ended?.report !== undefined && h`<p class="now">The report is in <code>${ended.report}</code>.</p>`}
          <p id="lost" role="alert">Nothing comes any more: the run is over, or this machine cannot be reached.</p>
        </div>
        ${ended === undefined && h`<button type="button" id="stop" disabled=${view.stopping}>${view.stopping ? 'Stopping' : 'Stop'}</button>`}
      </div>
      ${trial !== undefined && h`<div class="progress" role="progressbar" aria-label="Load" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(100 * partOf(trial))}><svg viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true"><rect width=${(1_000 * partOf(trial)).toFixed(0)} height="6" /></svg></div>`}
      ${trial !== undefined && figures(trial)}
    </div>
  </header>`;
}

const partOf = ({ atMs, durationMs }: TrialView) => (durationMs === 0 ? 0 : Math.min(1, atMs / durationMs));

function figures(trial: TrialView) {
  const { totals, now } = trial;
  const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
  const shown: [string, string, string][] = [
    [
      'Load',
      formatMs(Math.round(Math.min(trial.atMs, trial.durationMs || trial.atMs) / 100) * 100),
      trial.durationMs === 0 ? '' : `of ${formatMs(trial.durationMs)}`,
    ],
    ['Requests', formatCount(all), `${formatCount(Math.round(now.perSecond))}/s now`],
    [
      'Succeeded',
      all === 0 ? '-' : formatPercent(totals.ok / all),
      now.share === undefined ? '' : `${formatPercent(now.share)} now`,
    ],
    [
      'p95 latency',
      now.percentilesMs === undefined ? '-' : formatMs(now.percentilesMs[1]),
      'of the last second',
    ],
    [
      'In flight',
      formatCount(now.active),
      `${formatCount(now.connections)} connections, ${formatCount(now.pending)} waiting`,
    ],
    ['Ejected', formatCount(now.ejected.length), now.ejected.join(', ')],
    ['Overflowed', formatCount(now.overflow), 'since the load began'],
  ];
  return h`<dl class="figures">${shown.map(
    ([label, value, beside]) =>
      h`<div class="figure"><dt>${label}</dt><dd><b>${value}</b><small>${beside}</small></dd></div>`,
  )}</dl>`;
}

const map = (trial: TrialView) =>
  section('traffic', 'Where traffic goes', 'the last three seconds', topologyFigures(trial.map));

function checks({ checks: all }: TrialView) {
  return section(
    'checks',
    'Checks as they stand',
    '',
    table(
      ['State', 'Check', 'Observed', 'Limit'],
      all.map((check) => [stateOf(check), h`<strong>${check.name}</strong>`, check.observed, check.limit]),
      'livechecks card',
    ),
  );
}

function stateOf({ stage, status }: LiveCheck) {
  if (stage === 'to come') return h`<span class="state none">not yet</span>`;
  const words = { pass: 'holds', fail: 'does not hold', invalid: 'not known' }[status];
  return stage === 'over'
    ? state(status, words)
    : h`<span class=${`state ${status}`}>${stateIcon(status)}<span>${words} <small>so far</small></span></span>`;
}
