import { html as h } from 'htm/preact';
import { page } from '../html/page.ts';
import { presentable } from '../html/presentable.ts';
import { readableTime, section, state, stateIcon } from '../html/sections.ts';
import { style } from '../html/style.ts';
import { table } from '../html/table.ts';
import { formatBytes, formatMs, plural } from '../words.ts';
import { tuningCharts } from './charts.ts';
import { type TuningReport, trialStatus, tuningWords } from './model.ts';
import {
  costCells,
  costHead,
  limitCells,
  limitHead,
  scalingCells,
  scalingHead,
  trialCells,
  trialHead,
} from './words.ts';

const css = `${style}
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 16px; }
.plots figure { padding: 16px 20px; }
.plots svg { width: 100%; height: auto; overflow: visible; }
.plots text { font: 11px var(--sans); fill: var(--muted); }
.plots .axis { stroke: var(--line); } .plots .grid { stroke: var(--grid); }
.plots .ideal { stroke: var(--muted); stroke-dasharray: 1 4; }
.plots a:focus-visible .point { stroke: var(--ink); stroke-width: 3; }
.point.before { fill: var(--series-2); } .point.search { fill: none; stroke: var(--muted); } .point.after { fill: var(--series-1); }
.legend { display: flex; gap: 4px 22px; margin-bottom: 10px; flex-wrap: wrap; } .legend svg { width: 12px; height: 12px; vertical-align: -1px; }
.trials td:nth-child(n + 3):nth-child(-n + 6) { white-space: nowrap; }
.patch { padding: 16px 20px; overflow: auto; }
`;

/** report.html of a search: one file that needs no network and no script. Every trial in it leads to its own report. */
export function tuningHtml(original: TuningReport): string {
  const report = presentable(original);
  const { label, status } = tuningWords[report.ended];
  return page({
    title: `${label}: limits for ${report.service}`,
    status,
    css,
    body: h`
      <a class="skip" href="#limits">Skip to the limits</a>
      ${band(report)}
      <main>${limits(report)}${costs(report)}${tuningCharts(report)}${scaling(report)}${reasoning(report)}${patch(report, original)}${trials(report)}${facts(report)}</main>
      <footer><p>Made by Breakwater ${report.run.breakwater} from search ${report.run.id}. Everything here is also in tune.json.</p></footer>
    `,
  });
}

function band(report: TuningReport) {
  const { label, meaning, status } = tuningWords[report.ended];
  const { run, scenario } = report;
  const figures = [
    ...report.limits.map(({ name, value }) => ({ label: name, value: String(value) })),
    { label: 'Trials', value: String(report.trials.length) },
    { label: 'Time', value: formatMs(report.wallMs) },
  ];
  return h`<header class=${`verdict ${status}`}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong><span>${scenario.name}</span><span>${run.mesh} on ${run.environment}</span><time datetime=${run.startedAt}>${readableTime(run.startedAt)}</time></p>
      <div class="said">
        ${stateIcon(status)}
        <div><h1>${label}<small>${meaning}</small></h1><p class="summary">${report.summary}</p></div>
      </div>
      <dl class="figures">${figures.map((figure) => h`<div class="figure"><dt>${figure.label}</dt><dd><b>${figure.value}</b></dd></div>`)}</dl>
    </div>
  </header>`;
}

function limits(report: TuningReport) {
  const aside = `for ${report.service}, called by ${report.client}: ${report.objective}`;
  return section('limits', 'Limits', aside, table(limitHead, report.limits.map(limitCells), 'card'));
}

function costs({ costs: found = [] }: TuningReport) {
  if (found.length === 0) return null;
  return section('costs', 'What connections cost', '', table(costHead, found.map(costCells), 'card'));
}

function scaling({ scaling: found = [] }: TuningReport) {
  if (found.length === 0) return null;
  return section(
    'scaling',
    'Other clients and replicas',
    'with the same limits, by the model and by trials',
    table(scalingHead, found.map(scalingCells), 'card'),
  );
}

function reasoning({ reasoning: sentences }: TuningReport) {
  return section(
    'why',
    'Why',
    '',
    h`<ul class="card notes">${sentences.map((sentence) => h`<li>${sentence}</li>`)}</ul>`,
  );
}

function patch({ patch: found }: TuningReport, { patch: original }: TuningReport) {
  if (found === undefined) return null;
  const aside = found.file === undefined ? found.resource : `${found.resource} in ${found.file}`;
  return section('patch', 'Patch', aside, h`<pre class="card patch">${original?.text}</pre>`);
}

function trials({ trials: all }: TuningReport) {
  return section(
    'trials',
    'Trials',
    plural(all.length, 'trial'),
    table(
      [...trialHead.slice(0, -1), 'Result', 'What for'],
      all.map((trial) => {
        const [name, ...cells] = trialCells(trial).slice(0, -1);
        return [
          trial.verdict === 'broken' ? name : h`<a href=${`trials/${trial.name}/report.html`}>${name}</a>`,
          ...cells,
          state(trialStatus[trial.verdict], trial.verdict),
          h`${trial.purpose}${trial.why.map((why) => h`<p class="detail">${why}</p>`)}`,
        ];
      }),
      'trials card',
    ),
  );
}

function facts({ run }: TuningReport) {
  const { machine } = run;
  const all: [string, unknown][] = [
    ['Search', h`<code>${run.id}</code>`],
    [
      'Machine',
      `${machine.platform}, ${plural(machine.cpus, 'CPU')}, ${formatBytes(machine.memoryBytes)} memory`,
    ],
    ['Run it again', h`<code class="command">${run.command}</code>`],
  ];
  return section(
    'run',
    'About this search',
    '',
    h`<div class="card"><dl class="facts">${all.map(([name, value]) => h`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>`,
  );
}
