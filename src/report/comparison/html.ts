import { html as h } from 'htm/preact';
import { page } from '../html/page.ts';
import { presentable } from '../html/presentable.ts';
import { readableTime, section, state, stateIcon } from '../html/sections.ts';
import { style } from '../html/style.ts';
import { table } from '../html/table.ts';
import { formatBytes, formatMs, plural } from '../words.ts';
import { strips } from './charts.ts';
import { type ComparedMetric, type ComparisonReport, comparisonWords, metricStatus } from './model.ts';
import {
  formatInterval,
  formatMargin,
  formatSmallest,
  formatSpread,
  formatVerdict,
  remarks,
  sureness,
} from './words.ts';

const css = `${style}
.strips { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 16px; }
.strips figure { padding: 16px 20px; }
.strips svg { width: 100%; height: auto; overflow: visible; }
.strips text { font: 11px var(--sans); fill: var(--muted); }
.strips .axis { stroke: var(--line); } .strips .none { stroke: var(--muted); }
.strips .margin { fill: var(--grid); }
.strips h3 small { color: var(--muted); font-weight: 400; margin-left: .4em; }
.strips .point { fill: var(--series-1); fill-opacity: .55; }
.strips .interval { stroke: var(--ink); stroke-width: 2; }
.strips .middle { fill: var(--ink); }
.strips a:focus-visible .point { stroke: var(--ink); stroke-width: 3; }
.sides td:nth-child(2) { overflow-wrap: anywhere; }
.metrics td:nth-child(n + 2):nth-child(-n + 3), .metrics td:nth-child(5) { white-space: nowrap; }
`;

/** report.html of a comparison: one file that needs no network and no script. Every round in it leads to its own report. */
export function comparisonHtml(original: ComparisonReport): string {
  const report = presentable(original);
  const { label, status } = comparisonWords[report.ended];
  return page({
    title: `${label}: ${report.scenario.name}`,
    status,
    css,
    body: h`
      <a class="skip" href="#metrics">Skip to the metrics</a>
      ${band(report)}
      <main>${metrics(report)}${strips(report)}${sides(report)}${notes(report)}${rounds(report)}${facts(report)}</main>
      <footer><p>Made by Breakwater ${report.run.breakwater} from comparison ${report.run.id}. Everything here is also in comparison.json.</p></footer>
    `,
  });
}

function band(report: ComparisonReport) {
  const { label, meaning, status } = comparisonWords[report.ended];
  const { run, scenario, sides: both, metrics: all } = report;
  const worst = all.filter(({ verdict }) => verdict === 'regressed').slice(0, 3);
  const figures = [
    ...worst.map((metric) => ({ label: metric.title, value: formatInterval(metric).split(' (')[0] ?? '' })),
    { label: 'Pairs of rounds', value: String(report.pairs) },
    { label: 'Time', value: formatMs(report.wallMs) },
  ];
  return h`<header class=${`verdict ${status}`}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong><span>${scenario.name}</span><span>${both.a.label} against ${both.b.label}</span><time datetime=${run.startedAt}>${readableTime(run.startedAt)}</time></p>
      <div class="said">
        ${stateIcon(status)}
        <div><h1>${label}<small>${meaning}</small></h1><p class="summary">${report.summary}</p></div>
      </div>
      <dl class="figures">${figures.map((figure) => h`<div class="figure"><dt>${figure.label}</dt><dd><b>${figure.value}</b></dd></div>`)}</dl>
    </div>
  </header>`;
}

function metrics({ metrics: all }: ComparisonReport) {
  const order = ['regressed', 'inconclusive', 'improved', 'same'] as const;
  const sorted = all.toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
  return section(
    'metrics',
    'Metrics',
    'each pair of rounds counts once',
    table(
      ['Metric', 'A', 'B', 'Change of B (90 %)', 'Margin', 'Could have seen', 'Verdict'],
      sorted.map((metric) => [
        h`<strong>${metric.title}</strong>`,
        h`${formatSpread(metric, metric.a)}`,
        h`${formatSpread(metric, metric.b)}`,
        h`<b class=${`observed ${metricStatus[metric.verdict]}`}>${formatInterval(metric)}</b>`,
        formatMargin(metric),
        formatSmallest(metric),
        verdictOf(metric),
      ]),
      'metrics card',
    ),
  );
}

const verdictOf = (metric: ComparedMetric) => state(metricStatus[metric.verdict], formatVerdict(metric));

function sides({ sides: both, labs }: ComparisonReport) {
  return section(
    'sides',
    'What was compared',
    labs === 'one' ? 'in turns in one lab' : 'each in a lab of its own, side by side',
    table(
      ['Side', 'What', 'Where', 'Programs', 'Rounds'],
      (['a', 'b'] as const).map((side) => {
        const { label, environment, mesh, programs, made, invalid } = both[side];
        return [
          h`<strong>${side.toUpperCase()}</strong>`,
          h`<code>${label}</code>`,
          `${mesh} on ${environment}`,
          Object.entries(programs)
            .map(([name, version]) => `${name} ${version}`)
            .join(', '),
          `${made}, of which ${invalid} proved nothing`,
        ];
      }),
      'sides card',
    ),
  );
}

function notes(report: ComparisonReport) {
  return section(
    'sure',
    'How sure this is',
    '',
    h`<ul class="card notes">
      <li>${sureness(report)}</li>
      ${remarks(report).map((line) => h`<li>${line}</li>`)}
    </ul>`,
  );
}

function rounds({ rounds: all }: ComparisonReport) {
  return section(
    'rounds',
    'Rounds',
    plural(all.length, 'round'),
    h`<details class="card held"><summary>Every round, in its order</summary>${table(
      ['Round', 'Side', 'Verdict of its run', 'Time', 'Why it proves nothing'],
      all.map(({ name, side, verdict, folder, tookMs, why }) => [
        folder === undefined ? name : h`<a href=${`${folder}/report.html`}>${name}</a>`,
        side.toUpperCase(),
        state(verdict === 'broken' ? 'invalid' : verdict, verdict),
        formatMs(tookMs),
        why ?? '-',
      ]),
    )}</details>`,
  );
}

function facts({ run, scenario }: ComparisonReport) {
  const { machine } = run;
  const all: [string, unknown][] = [
    ['Comparison', h`<code>${run.id}</code>`],
    ['Scenario', h`<code>${scenario.file}</code>`],
    ['Load', scenario.load],
    [
      'Machine',
      `${machine.platform}, ${plural(machine.cpus, 'CPU')}, ${formatBytes(machine.memoryBytes)} memory`,
    ],
    ['Seed', String(run.seed)],
    ['Run it again', h`<code class="command">${run.command}</code>`],
  ];
  return section(
    'run',
    'About this comparison',
    '',
    h`<div class="card"><dl class="facts">${all.map(([name, value]) => h`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>`,
  );
}
