import { html as h } from 'htm/preact';
import { page } from '../html/page.ts';
import { presentable } from '../html/presentable.ts';
import { breakable, readableTime, section, state, stateIcon } from '../html/sections.ts';
import { style } from '../html/style.ts';
import { table } from '../html/table.ts';
import { formatBytes, formatMs, formatSeed, plural, settingsBehind } from '../words.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { outcomeOf } from './outcome.ts';
import {
  countsOf,
  type Failing,
  failingOf,
  numberHead,
  numbersOf,
  outcomeWords,
  reportBeside,
  saidOf,
  statusOf,
  suiteVerdictWords,
  wallMsOf,
} from './words.ts';

const css = `${style}
.suite td:nth-child(2) { width: 52%; }
.suite .failing { margin-top: 10px; padding-left: 12px; border-left: 3px solid var(--line); }
.suite .failing.fail { border-color: var(--fail-ink); } .suite .failing.invalid { border-color: var(--invalid-ink); }
.suite .name { font-weight: 650; }
.suite td > div { max-height: none; }
.suite td:nth-child(n + 4) { white-space: nowrap; }
@media (max-width: 720px) { .suite td:nth-child(2) { display: block; } .suite td:nth-child(2)::before { display: none; } }
`;

/** index.html of a suite: one file that needs no network and no script. */
export function suiteHtml(original: Suite): string {
  const suite = presentable(original);
  return page({
    title: `${suiteVerdictWords[suite.verdict].label}: ${plural(suite.scenarios.length, 'scenario')}`,
    status: statusOf(suite.verdict),
    css,
    body: h`
      <a class="skip" href="#scenarios">Skip to the scenarios</a>
      ${verdictBand(suite)}
      <main>${scenarios(suite)}${facts(suite)}</main>
      <footer><p>Made by Breakwater ${suite.run.breakwater} from suite ${suite.run.id}. Everything here is also in suite.json.</p></footer>
    `,
  });
}

function verdictBand(suite: Suite) {
  const { label, meaning } = suiteVerdictWords[suite.verdict];
  const status = statusOf(suite.verdict);
  const { run } = suite;
  const figures = [
    ...countsOf(suite).map(({ outcome, count }) => ({ label: outcomeWords[outcome], value: String(count) })),
    { label: 'Time', value: formatMs(suite.wallMs) },
  ];
  return h`<header class=${`verdict ${status}`}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong><span>${plural(suite.scenarios.length, 'scenario')}</span><span>on ${run.environment}</span><time datetime=${run.startedAt}>${readableTime(run.startedAt)}</time></p>
      <div class="said">
        ${stateIcon(status)}
        <div>
          <h1>${label}<small>${meaning}</small></h1>
          <p class="summary">${suite.summary}</p>
          ${suite.interrupted && h`<p class="summary"><strong>The suite was interrupted before its end.</strong></p>`}
        </div>
      </div>
      <dl class="figures">${figures.map(({ label, value }) => h`<div class="figure"><dt>${label.replace(/^./, (first) => first.toUpperCase())}</dt><dd><b>${value}</b></dd></div>`)}</dl>
    </div>
  </header>`;
}

function scenarios(suite: Suite) {
  return section(
    'scenarios',
    'Scenarios',
    '',
    table(
      ['Result', 'Scenario', ...numberHead, 'Time'],
      suite.scenarios.map((scenario) => {
        const outcome = outcomeOf(scenario);
        const numbers = numbersOf(scenario);
        const wallMs = wallMsOf(scenario);
        return [
          outcome === 'not-run'
            ? h`<span class="state none">${outcomeWords[outcome]}</span>`
            : state(statusOf(outcome), outcomeWords[outcome]),
          h`${nameOf(scenario)}${scenario.ended !== 'error' && h`<p class="detail">${saidOf(scenario)}</p>`}${failingOf(scenario).map(failing)}`,
          ...numberHead.map((head) => numbers[head]),
          wallMs === undefined ? '-' : formatMs(Math.round(wallMs / 100) * 100),
        ];
      }),
      'suite card',
    ),
  );
}

function nameOf(scenario: SuiteScenario) {
  const { name, profile } = scenario;
  const aside = profile === undefined ? null : h` <span class="faint">profile ${profile}</span>`;
  if (scenario.ended === 'not-run' || scenario.folder === undefined)
    return h`<span class="name">${name}</span>${aside}`;
  return h`<a class="name" href=${reportBeside(scenario.folder, 'report.html')}>${name}</a>${aside}`;
}

function failing({ status, what, observed, detail, reason }: Failing) {
  return h`<div class=${`failing ${status}`}>
    <p><strong>${what}</strong></p>
    <p class=${`observed ${status}`}>${observed}</p>
    ${detail !== undefined && h`<p class="detail">${detail}</p>`}
    ${
      reason !== undefined &&
      h`<p class="reason">${reason.text}</p>${settingsBehind(reason).map(
        ({ setting, source }) =>
          h`<p class="detail"><code>${breakable(setting)}</code></p>${source !== undefined && h`<p class="detail">${breakable(source)}</p>`}`,
      )}`
    }
  </div>`;
}

function facts({ run }: Suite) {
  const { machine } = run;
  const all: [string, unknown][] = [
    ['Suite', h`<code>${run.id}</code>`],
    [
      'Machine',
      `${machine.platform}, ${plural(machine.cpus, 'CPU')}, ${formatBytes(machine.memoryBytes)} memory`,
    ],
    ['Seed', formatSeed({ run })],
    ['Run it again', h`<code class="command">${run.command}</code>`],
  ];
  return section(
    'run',
    'About this suite',
    '',
    h`<div class="card"><dl class="facts">${all.map(([name, value]) => h`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>`,
  );
}
