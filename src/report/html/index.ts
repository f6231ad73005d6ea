import { html as h } from 'htm/preact';
import type { Report } from '../model.ts';
import { verdictWords } from '../words.ts';
import { readAssets } from './assets.ts';
import { chartData, chartFigures } from './charts.ts';
import { page, raw } from './page.ts';
import { presentable } from './presentable.ts';
import {
  changes,
  checks,
  configuration,
  effective,
  errors,
  faults,
  held,
  loads,
  probes,
  remarks,
  runFacts,
  section,
  validity,
  verdictBand,
} from './sections.ts';
import { style } from './style.ts';
import { topologyFigures } from './topology.ts';
import { waterfalls } from './waterfalls.ts';

/** report.html: one file that needs no network. Only the charts need the script, and only our own script may run. */
export function html(original: Report): string {
  const report = presentable(original);
  const assets = readAssets();
  return page({
    title: `${verdictWords[report.verdict].label}: ${report.scenario.name}`,
    status: report.verdict,
    css: `${assets.chartLibraryStyle}\n${style}`,
    scripts: [assets.chartLibrary, assets.charts],
    body: h`
      <a class="skip" href="#checks">Skip to the checks</a>
      ${verdictBand(report)}
      ${contents(report)}
      <main>${body(report)}</main>
      <footer><p>Made by Breakwater ${report.run.breakwater} from run ${report.run.id}. Everything here is also in report.json.</p></footer>
      <script id="report-data" type="application/json" ...${raw(scriptSafe(chartData(report)))} />
      <script ...${raw(assets.chartLibrary)} />
      <script type="module" ...${raw(assets.charts)} />
    `,
  });
}

function body(report: Report) {
  const charts = section(
    'charts',
    'What happened',
    '',
    h`<p class="card none no-charts">The charts need JavaScript, which did not run. Each chart's numbers are in the table under it; everything else is complete.</p>
    <p class="hint">Drag across a chart to zoom, double-click to see it all again. <button type="button" id="reset-zoom">Show all</button></p>
    ${chartFigures(report)}`,
  );
  const traffic = section('traffic', 'Where traffic went', '', topologyFigures(report));
  const doubted = report.verdict === 'invalid';
  return h`
    ${doubted && validity(report)}
    ${checks(report)}
    ${probes(report)}
    ${loads(report)}
    ${errors(report)}
    ${charts}
    ${traffic}
    ${waterfalls(report)}
    ${faults(report)}
    ${changes(report)}
    ${!doubted && validity(report)}
    ${remarks(report)}
    ${effective(report)}
    ${configuration(report)}
    ${runFacts(report)}
  `;
}

function contents(report: Report) {
  const places = {
    ...(report.verdict === 'invalid' ? { validity: 'Validity' } : {}),
    checks: 'Checks',
    ...(report.probes === undefined ? {} : { probes: 'Probes' }),
    ...(report.loads === undefined ? {} : { loads: 'Loads' }),
    errors: 'Errors',
    charts: 'Charts',
    traffic: 'Traffic',
    ...((report.waterfalls ?? []).length === 0 ? {} : { requests: 'Requests' }),
    faults: 'Faults',
    ...(report.changes === undefined ? {} : { changes: 'Changes' }),
    ...(report.verdict === 'invalid' ? {} : { validity: 'Validity' }),
    ...(held(report).length === 0 ? {} : { effective: 'In effect' }),
    configuration: 'Configuration',
    run: 'Run',
  };
  return h`<nav aria-label="Sections"><ul>${Object.entries(places).map(([id, name]) => h`<li><a href=${`#${id}`}>${name}</a></li>`)}</ul></nav>`;
}

/** JSON that no HTML parser can take for the end of its element. */
function scriptSafe(data: unknown): string {
  return JSON.stringify(data)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}
