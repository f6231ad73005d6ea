import { html } from 'htm/preact';
import { unitGap } from '../../kit/columns.ts';
import { changeMark, formatArrivals, formatChangeOutcome, formatChangeTime } from '../change-words.ts';
import type { Report, Status } from '../model.ts';
import {
  byUrgency,
  efficacyWords,
  exceptions,
  figures,
  formatAnswer,
  formatBytes,
  formatCount,
  formatFaultSpan,
  formatMoment,
  formatMs,
  formatSeed,
  formatSpan,
  formatTiming,
  formatWindow,
  loadHead,
  loadRows,
  plural,
  probeOutcomes,
  settingsBehind,
  unsaidMeaning,
  verdictWords,
} from '../words.ts';
import { table } from './table.ts';

/** A shape per state, so that no state is told by colour alone: circle, octagon, triangle. */
export function stateIcon(status: Status) {
  const shapes = {
    pass: html`<circle cx="12" cy="12" r="10" /><path class="glyph" d="M7.2 12.4l3.2 3.3 6.4-7" />`,
    fail: html`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" /><path class="glyph" d="M8.4 8.4l7.2 7.2M15.6 8.4l-7.2 7.2" />`,
    invalid: html`<path d="M12 2.2l10.4 18.4H1.6z" /><path class="glyph" d="M12 9v5.4M12 17.2v.6" />`,
  };
  return html`<svg class=${`icon ${status}`} viewBox="0 0 24 24" aria-hidden="true">${shapes[status]}</svg>`;
}

export function state(status: Status, words: string) {
  return html`<span class=${`state ${status}`}>${stateIcon(status)}<span>${words}</span></span>`;
}

export function verdictBand(report: Report) {
  const { label } = verdictWords[report.verdict];
  const meaning = unsaidMeaning(report);
  const { run, scenario } = report;
  return html`<header class=${`verdict ${report.verdict}`}>
    <div class="inside">
      <p class="origin"><strong>Breakwater</strong><span>${scenario.name}</span><span>${run.mesh} on ${run.environment}</span><time datetime=${run.startedAt}>${readableTime(run.startedAt)}</time></p>
      <div class="said">
        ${stateIcon(report.verdict)}
        <div>
          <h1>${label}${meaning !== '' && html`<small>${meaning}</small>`}</h1>
          <p class="summary">${report.summary}</p>
          ${report.interrupted && html`<p class="summary"><strong>The run was interrupted before its end.</strong></p>`}
        </div>
      </div>
      <dl class="figures">${figures(report).map(
        (figure) =>
          html`<div class="figure"><dt>${figure.label}</dt><dd><b>${figure.value.replace(unitGap, '\u00a0')}</b>${figure.status && figure.status !== 'pass' && html` ${stateIcon(figure.status)}`}<small>${figure.note}</small></dd></div>`,
      )}</dl>
    </div>
  </header>`;
}

export function section(id: string, title: string, aside: string, body: unknown) {
  return html`<section id=${id} aria-labelledby=${`${id}-title`}>
    <h2 id=${`${id}-title`}>${title}${aside !== '' && html` <small>${aside}</small>`}</h2>
    ${body}
  </section>`;
}

export function checks(report: Report) {
  const held = report.checks.filter((check) => check.status === 'pass').length;
  const words = { pass: 'holds', fail: 'fails', invalid: 'invalid' } as const;
  return section(
    'checks',
    'Checks',
    `${held} of ${report.checks.length} hold`,
    table(
      ['Result', 'Check', 'Observed', 'Limit', 'Window', 'Samples'],
      report.checks.map((check) => [
        state(check.status, words[check.status]),
        html`<strong>${check.name}</strong>${check.detail !== undefined && html`<p class="detail">${check.detail}</p>`}${reason(report, check)}`,
        html`<b class=${`observed ${check.status}`}>${check.observed}</b>`,
        check.limit,
        html`${formatWindow(report, check.window)}<p class="detail">${formatSpan(check.window.fromMs, check.window.toMs)}</p>`,
        formatCount(check.samples),
      ]),
      'checks card',
    ),
  );
}

/** Why a check failed, the settings behind it, and the line of each. */
function reason(report: Report, { reason: found }: Report['checks'][number]) {
  if (found === undefined) return null;
  return html`<p class="reason">${found.text}</p>${settingsBehind(found).map(
    ({ setting, source }) =>
      html`<p class="detail"><code>${breakable(setting)}</code></p>${source !== undefined && html`<p class="detail">${sourceLink(report, source)}</p>`}`,
  )}`;
}

/** Every probe: what was expected, what came and how often, and the rule behind it. */
export function probes(report: Report) {
  const all = report.probes ?? [];
  if (all.length === 0) return null;
  const outcomes = probeOutcomes(report);
  const met = outcomes.filter(({ status }) => status === 'pass').length;
  return section(
    'probes',
    'Probes',
    `${met} of ${all.length} as expected${exceptions(outcomes)}`,
    table(
      ['Result', 'Request', 'Expected', 'What came', 'Rule behind it'],
      outcomes.map(({ probe: { name, request, expected, came, rule }, status, words }) => [
        state(status, words),
        html`<strong>${request}</strong><p class="detail">${name}</p>`,
        expected,
        came.length === 0
          ? html`<span class="faint">nothing was sent</span>`
          : html`<ul class="came">${came.map(({ text, count, met }) => html`<li class=${met < count ? 'unmet' : undefined}><b>${formatCount(count)} ×</b> ${text}</li>`)}</ul>`,
        rule === undefined ? html`<span class="faint">not known</span>` : ruleCell(report, rule),
      ]),
      'probes card',
    ),
  );
}

function ruleCell(report: Report, rule: NonNullable<NonNullable<Report['probes']>[number]['rule']>) {
  return html`<p>${rule.text}</p>${settingsBehind(rule).map(
    ({ setting, source }) =>
      html`<p class="detail"><code>${breakable(setting)}</code> ${source !== undefined && sourceLink(report, source)}</p>`,
  )}`;
}

/** Each of several loads by itself. */
export function loads(report: Report) {
  const rows = loadRows(report);
  if (rows.length === 0) return null;
  return section(
    'loads',
    'Loads',
    `${rows.length} at once`,
    table(
      loadHead,
      rows.map(([name, ...others]) => [html`<strong>${name}</strong>`, ...others]),
      'loads card',
    ),
  );
}

export function validity(report: Report) {
  const violated = report.validity.filter((finding) => finding.status === 'violated').length;
  const states = {
    ok: state('pass', 'holds'),
    violated: state('invalid', 'violated'),
    'not-applicable': html`<span class="state none">does not apply</span>`,
  };
  return section(
    'validity',
    'Can this run be believed?',
    violated === 0
      ? `yes: all ${plural(report.validity.length, 'rule')} hold or do not apply`
      : report.verdict === 'fail'
        ? `in part: ${plural(violated, 'rule')} violated, which the checks that failed do not rest on`
        : `no: ${plural(violated, 'rule')} violated`,
    table(
      ['Result', 'Rule', 'Observed', 'Limit'],
      byUrgency(report.validity).map((finding) => [
        states[finding.status],
        html`<strong>${finding.title}</strong> <code class="faint">${finding.rule}</code>${finding.detail !== undefined && html`<p class="detail">${finding.detail}</p>`}`,
        finding.observed,
        finding.limit,
      ]),
      'validity card',
    ),
  );
}

export function errors(report: Report) {
  const total = report.errors.reduce((sum, error) => sum + error.count, 0);
  return section(
    'errors',
    'Where errors came from',
    total === 0 ? '' : `${plural(total, 'error')} in ${plural(report.errors.length, 'group')}`,
    total === 0
      ? html`<p class="card none">No request failed.</p>`
      : table(
          ['Count', 'Answer', 'Cause', 'Host', 'Windows', 'Setting behind it'],
          report.errors.map((error) => [
            html`<b class="count">${formatCount(error.count)}</b><svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width=${((100 * error.count) / total).toFixed(1)} height="4" /></svg>`,
            html`<code class="answer">${formatAnswer(error)}</code>`,
            error.cause,
            error.host === '-'
              ? html`<span class="faint">none was chosen</span>`
              : html`${error.host}<p class="detail">${error.zone}</p>`,
            html`<ul class="windows">${Object.entries(error.byWindow)
              .filter(([, count]) => count > 0)
              .map(([name, count]) => html`<li>${name} <b>${formatCount(count)}</b></li>`)}</ul>`,
            settingsBehind(error).map(
              ({ setting, source }) =>
                html`<div><code>${breakable(setting)}</code>${source !== undefined && html`<p class="detail">${sourceLink(report, source)}</p>`}</div>`,
            ),
          ]),
          'errors card',
        ),
  );
}

/** Long paths of settings may break after their separators. */
export function breakable(text: string) {
  return text.split(/(?<=[.,:/])/).map((part) => html`${part}<wbr />`);
}

/** "file:12" → index of the file among those under test, and the line. */
function locate(report: Report, source: string): { index: number; line: number } | undefined {
  const [, file, line] = /^(.*):(\d+)$/s.exec(source) ?? [];
  const index = report.configuration.findIndex((configured) => configured.file === file);
  return index < 0 ? undefined : { index, line: Number(line) };
}

function sourceLink(report: Report, source: string) {
  const at = locate(report, source);
  return at === undefined ? source : html`<a href=${`#c${at.index}-${at.line}`}>${source}</a>`;
}

export function changes({ changes: all = [] }: Report) {
  if (all.length === 0) return undefined;
  return section(
    'changes',
    'Changes of the mesh configuration',
    '',
    table(
      ['Change', 'What', 'Made', 'Sidecars', 'What came of it'],
      all.map((change) => [
        html`${state(changeMark(change), change.status)} <strong>${change.name}</strong>`,
        change.description,
        html`${formatChangeTime(change)}<p class="detail">planned at ${formatMoment(change.plannedAtMs)}</p>`,
        formatArrivals(change),
        formatChangeOutcome(change),
      ]),
      'changes card',
    ),
  );
}

export function faults(report: Report) {
  return section(
    'faults',
    'Faults',
    '',
    report.faults.length === 0
      ? html`<p class="card none">This scenario injects no fault.</p>`
      : table(
          ['Effect', 'Fault', 'Targets', 'On', 'Observed on the target'],
          report.faults.map((fault) => {
            const { status, observed, expected, samples } = fault.efficacy;
            return [
              state(status === 'proven' ? 'pass' : 'invalid', efficacyWords[status]),
              html`<strong>${fault.name}</strong> <code class="faint">${fault.kind}</code><p class="detail">${fault.description}</p>`,
              html`<ul class="targets">${fault.targets.map((target) => html`<li>${target}</li>`)}</ul>`,
              html`${formatFaultSpan(fault, report)}<p class="detail">planned ${formatSpan(fault.plannedAtMs, fault.plannedAtMs + fault.plannedForMs)}</p>`,
              html`${observed}<p class="detail">expected ${expected}; ${plural(samples, 'sample')}</p>`,
            ];
          }),
          'faults card',
        ),
  );
}

/** What sidecars held; none where it was not asked for, or nobody answered. */
export const held = ({ effective: tables = [] }: Report) => tables;

export function effective(report: Report) {
  const tables = held(report);
  if (tables.length === 0) return null;
  return section(
    'effective',
    'In effect',
    'what the sidecars held before the load began',
    tables.map(
      ({ who, about, sections }) =>
        html`<details class="card held"><summary>${who} <small>${about}</small></summary>${sections.map(
          ({ title, note, rows }) =>
            html`<h3>${title}</h3>${note !== undefined && html`<p class="detail">${note}</p>`}<dl>${rows.map(
              ({ what, value, source, from }) =>
                html`<div><dt>${what}</dt><dd>${breakable(value)}</dd><dd class="from">${source === undefined ? from : sourceLink(report, source)}</dd></div>`,
            )}</dl>`,
        )}</details>`,
    ),
  );
}

export function configuration(report: Report) {
  const behind = [
    ...report.errors,
    ...report.checks.map((check) => check.reason ?? {}),
    ...(report.probes ?? []).map((probe) => probe.rule ?? {}),
  ];
  const used = new Set(behind.flatMap((each) => settingsBehind(each).map(({ source }) => source)));
  return section(
    'configuration',
    'Mesh configuration under test',
    plural(report.configuration.length, 'file'),
    report.configuration.map(({ file, content }, index) => {
      const lines = content.replace(/\n$/, '').split('\n');
      return html`<details class="card configuration"><summary>${file} <small>${plural(lines.length, 'line')}</small></summary><pre tabindex="0"><code>${lines.map(
        (line, row) =>
          html`<span id=${`c${index}-${row + 1}`} class=${used.has(`${file}:${row + 1}`) ? 'hit' : undefined}>${`${line}\n`}</span>`,
      )}</code></pre></details>`;
    }),
  );
}

export function remarks(report: Report) {
  if (report.gaps.length + report.notes.length === 0) return null;
  return section(
    'notes',
    'What to keep in mind',
    '',
    html`<ul class="card notes">
      ${report.gaps.map((gap) => html`<li><strong>Missing evidence, ${formatSpan(gap.fromMs, gap.toMs)}:</strong> ${gap.what}</li>`)}
      ${report.notes.map((note) => html`<li>${note}</li>`)}
    </ul>`,
  );
}

export function runFacts(report: Report) {
  const { run, scenario, resources } = report;
  const facts: [string, unknown][] = [
    ['Run', html`<code>${run.id}</code>`],
    [
      'Scenario',
      html`<code>${scenario.file}</code>${scenario.profile !== undefined && html`, profile <code>${scenario.profile}</code>`}<p class="detail">${scenario.description}</p>`,
    ],
    ['Load', scenario.load],
    ['Time', formatTiming(report)],
    [
      'Machine',
      `${run.machine.platform}, ${plural(run.machine.cpus, 'CPU')}, ${formatBytes(run.machine.memoryBytes)} memory`,
    ],
    [
      'Programs',
      Object.entries({ breakwater: run.breakwater, ...run.programs })
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['Seed', formatSeed(report)],
    ['Run it again', html`<code class="command">${run.command}</code>`],
  ];
  return section(
    'run',
    'About this run',
    '',
    html`<div class="card"><dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <details class="numbers"><summary>CPU time and memory by program</summary>${table(
      ['Program', 'CPU time', 'For 1,000 requests', 'Most memory'],
      Object.entries<Resources['programs'][string]>({
        ...resources.programs,
        'the harness itself': resources.harness,
      })
        .sort(([, a], [, b]) => b.cpuMs - a.cpuMs)
        .map(([name, { cpuMs, requests = 0, maxRssBytes }]) => [
          name,
          formatMs(cpuMs),
          requests === 0 ? '-' : formatMs((cpuMs / requests) * 1_000),
          formatBytes(maxRssBytes),
        ]),
    )}</details>${connectionsOpened(resources)}</div>`,
  );
}

type Resources = Report['resources'];

function connectionsOpened({ connections = [] }: Resources) {
  if (connections.length === 0) return '';
  return html`<details class="numbers"><summary>Connections opened by the sidecars of clients</summary>${table(
    ['Client', 'To', 'Connections', 'Requests', 'For 1,000 requests'],
    connections.map(({ client, service, opened, requests }) => [
      client,
      service,
      formatCount(opened),
      formatCount(requests),
      formatCount(Math.round((opened / requests) * 1_000)),
    ]),
  )}</details>`;
}

export function readableTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
