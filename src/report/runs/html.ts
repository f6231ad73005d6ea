import { html as h } from 'htm/preact';
import { readBrowserScript } from '../html/assets.ts';
import { page, raw } from '../html/page.ts';
import { presentable } from '../html/presentable.ts';
import { readableTime, section, state, stateIcon } from '../html/sections.ts';
import { style } from '../html/style.ts';
import { table } from '../html/table.ts';
import { formatMs, formatPercent, plural, verdictWords } from '../words.ts';
import { type RunEntry, type Runs, seriesOf } from './model.ts';
import { sparkline } from './sparkline.ts';
import { fileOf, nameOf, numberHead, numbersOf, standing, tallyOf } from './words.ts';

const css = `${style}
.said h1 { font-size: clamp(38px, 6vw, 60px); }
.series td:nth-child(2) { width: 26%; }
.name { font-weight: 650; }
.spark { display: flex; gap: 8px; align-items: center; white-space: nowrap; }
.spark svg { flex: none; overflow: visible; margin-top: -3px; }
.spark polyline { fill: none; stroke: var(--edge); stroke-width: 1.4; stroke-linejoin: round; }
.spark .now { fill: var(--edge); }
.spark .bad { stroke: var(--fail-ink); stroke-width: 1.8; stroke-linecap: round; }
.spark .unsure { fill: var(--surface); stroke: var(--invalid-ink); stroke-width: 1.4; }
.filter { display: none; flex-wrap: wrap; gap: 10px 14px; align-items: end; margin-bottom: 12px; }
.filterable .filter { display: flex; }
.filter label { display: grid; gap: 3px; font-size: 13px; color: var(--muted); }
.filter input, .filter select { font: 15px/1.4 var(--sans); color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; min-width: 12em; }
.filter output { color: var(--muted); font-size: 14px; padding: 8px 0; }
.all td { white-space: nowrap; } .all td:nth-child(2) { white-space: normal; width: 44%; }
.all [hidden] { display: none; }
.all .detail { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: normal; }
@media (max-width: 720px) { .filter label, .filter input, .filter select { width: 100%; } .all td { white-space: normal; } }
`;

/** index.html over all runs: one file that needs no network. Only its filter needs the script. */
export function runsHtml(original: Runs): string {
  const runs = presentable(original);
  const script = readBrowserScript(new URL('./filter.browser.ts', import.meta.url));
  return page({
    title: plural(runs.runs.length, 'run'),
    status: standing(runs).status,
    css,
    scripts: [script],
    body: h`
      <a class="skip" href="#runs">Skip to the runs</a>
      ${band(runs)}
      <main>${scenarios(runs)}${all(runs, original)}${unreadable(runs)}</main>
      <footer><p>Made by <code>npx breakwater report --all</code>. It shows what was there then: make it again after further runs.</p></footer>
      <script type="module" ...${raw(script)} />
    `,
  });
}

function band(runs: Runs) {
  const { status, sentence } = standing(runs);
  const newest = runs.runs[0];
  return h`<header class=${`verdict ${status}`}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong>${newest !== undefined && h`<span>newest run</span><time datetime=${newest.startedAt}>${readableTime(newest.startedAt)}</time>`}</p>
      <div class="said">
        ${stateIcon(status)}
        <div><h1>${plural(runs.runs.length, 'run')}</h1><p class="summary">${sentence}</p></div>
      </div>
    </div>
  </header>`;
}

function scenarios(runs: Runs) {
  const success = {
    label: 'Share of requests that succeeded',
    value: ({ requests, ok }: RunEntry) => (requests === 0 ? undefined : ok / requests),
    text: formatPercent,
    from: 0.99,
    to: 1,
  };
  const latency = { label: 'p95 latency', value: ({ p95Ms }: RunEntry) => p95Ms, text: formatMs, from: 0 };
  return section(
    'scenarios',
    'Scenarios',
    'a cross is a run that failed, a ring one that proved nothing',
    table(
      ['Newest', 'Scenario', 'Succeeded', 'p95', 'When'],
      seriesOf(runs).map((series) => [
        state(series.newest.verdict, verdictWords[series.newest.verdict].label.toLowerCase()),
        h`<a class="name" href=${fileOf(series.newest, 'report.html')}>${nameOf(series.newest)}</a><p class="detail">${tallyOf(series.runs)}</p>`,
        sparkline(series.runs, success),
        sparkline(series.runs, latency),
        readableTime(series.newest.startedAt),
      ]),
      'series card',
    ),
  );
}

function all(runs: Runs, original: Runs) {
  const rows = runs.runs.map((run, index) => {
    const numbers = numbersOf(run);
    const { folder, suite } = original.runs[index] ?? run;
    return [
      h`<span data-verdict=${run.verdict}>${state(run.verdict, verdictWords[run.verdict].label.toLowerCase())}</span>`,
      h`<a class="name" href=${fileOf({ folder }, 'report.html')}>${nameOf(run)}</a>${
        suite !== undefined && h` <a href=${fileOf({ folder: suite }, 'index.html')}>suite</a>`
      }${run.verdict !== 'pass' && h`<p class="detail">${run.interrupted ? 'Interrupted. ' : ''}${run.summary}</p>`}`,
      readableTime(run.startedAt),
      ...numberHead.map((head) => numbers[head]),
    ];
  });
  const names = [...new Set(runs.runs.map(nameOf))].toSorted();
  return section(
    'runs',
    'Runs',
    'newest first',
    h`<form class="filter" role="search">
      <label>Find<input type="search" name="text" placeholder="scenario, cause, day" autocomplete="off" /></label>
      <label>Scenario<select name="scenario"><option value="">all</option>${names.map((name) => h`<option>${name}</option>`)}</select></label>
      <label>Verdict<select name="verdict"><option value="">all</option>${Object.keys(verdictWords).map((verdict) => h`<option>${verdict}</option>`)}</select></label>
      <output role="status">${plural(rows.length, 'run')}</output>
    </form>
    ${table(['Result', 'Run', 'When', ...numberHead], rows, 'all card')}`,
  );
}

function unreadable({ unreadable: found }: Runs) {
  if (found.length === 0) return null;
  return section(
    'unreadable',
    'Not read',
    'reports that were changed, cut off or written by another version',
    table(
      ['Run', 'Why'],
      found.map(({ folder, why }) => [h`<code>${folder}</code>`, why]),
      'card',
    ),
  );
}
