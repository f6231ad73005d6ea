import { formatArrivals, formatChangeOutcome, formatChangeTime } from './change-words.ts';
import type { Report } from './model.ts';
import {
  byStatus,
  byUrgency,
  cameText,
  efficacyWords,
  figures,
  formatAnswer,
  formatBytes,
  formatCount,
  formatFaultSpan,
  formatSeed,
  formatSpan,
  formatTiming,
  formatWindow,
  loadHead,
  loadRows,
  plain,
  settingsBehind,
  undisguised,
  unsaidMeaning,
  verdictWords,
} from './words.ts';

/** GitHub refuses a comment of more than 65,536 characters. */
const LONGEST = 60_000;
const MOST_ERRORS = 20;

export const marks = { pass: '✅', fail: '❌', invalid: '⚠️' } as const;
const ruleMarks = { ok: '✅', violated: '⚠️', 'not-applicable': '➖' } as const;

/** report.md: the verdict, what was checked and where errors came from, for a pull request. */
export function markdown(report: Report): string {
  const first = [
    verdict(report),
    report.verdict === 'invalid' ? violations(report) : [],
    checks(report),
    probes(report),
    loads(report),
    errors(report),
  ];
  const rest = [
    details('Faults', faults(report)),
    details('Changes of the mesh configuration', changes(report)),
    details('Is this run valid?', rules(report)),
    details('In effect', held(report)),
    details('Notes and missing evidence', remarks(report)),
    details('About this run', facts(report)),
  ];
  const configuration = report.configuration.map(({ file, content }) =>
    details(`Configuration under test: ${file}`, fenced(undisguised(content))),
  );
  return within([...first, ...rest, ...configuration].map((block) => block.join('\n')));
}

/** The blocks as far as they fit; what does not is left out whole, so that no table or code block stays open. */
export function within(blocks: string[], whole = 'report.html'): string {
  let text = '';
  let left = 0;
  for (const block of blocks) {
    if (block === '') continue;
    if (text.length + block.length <= LONGEST) text += `${block}\n`;
    else left += 1;
  }
  return left === 0 ? text : `${text}\n*Too long for a comment; ${whole} has ${left} more sections.*\n`;
}

function verdict(report: Report): string[] {
  const { label } = verdictWords[report.verdict];
  const meaning = unsaidMeaning(report);
  return [
    `## ${marks[report.verdict]} ${label}: ${escapeMarkdown(report.scenario.name)}`,
    '',
    `${meaning === '' ? '' : `**${meaning}** `}${escapeMarkdown(report.summary)}`,
    ...(report.interrupted ? ['', '**The run was interrupted before its end.**'] : []),
    '',
    figures(report)
      .map(({ label, value }) => `${escapeMarkdown(label)} **${escapeMarkdown(value)}**`)
      .join(' · '),
    '',
  ];
}

function violations(report: Report): string[] {
  const violated = report.validity.filter((finding) => finding.status === 'violated');
  return violated.flatMap((finding) => [
    `- **${escapeMarkdown(finding.title)}**: ${escapeMarkdown(finding.observed)}, limit ${escapeMarkdown(finding.limit)}. ${escapeMarkdown(finding.detail ?? '')}`.trimEnd(),
    '',
  ]);
}

function checks(report: Report): string[] {
  return [
    '### Checks',
    '',
    ...table(
      ['', 'Check', 'Observed', 'Limit', 'Window', 'Samples'],
      report.checks.map((check) => [
        `${marks[check.status]} ${check.status}`,
        escapeMarkdown(check.name) +
          (check.detail !== undefined && check.status !== 'pass'
            ? `<br><sub>${escapeMarkdown(check.detail)}</sub>`
            : '') +
          reasonOf(check),
        `**${escapeMarkdown(check.observed)}**`,
        escapeMarkdown(check.limit),
        escapeMarkdown(formatWindow(report, check.window)),
        formatCount(check.samples),
      ]),
    ),
  ];
}

/** Every probe that went wrong; of those that went as expected, how many. */
function probes({ probes: all = [] }: Report): string[] {
  if (all.length === 0) return [];
  const wrong = byStatus(all).filter(({ status }) => status !== 'pass');
  const met = `${all.length - wrong.length} of ${all.length} as expected.`;
  return [
    '### Probes',
    '',
    met,
    '',
    ...(wrong.length === 0
      ? []
      : table(
          ['', 'Request', 'Expected', 'What came', 'Rule behind it'],
          wrong
            .slice(0, MOST_ERRORS)
            .map((probe) => [
              `${marks[probe.status]} ${probe.status}`,
              escapeMarkdown(probe.request),
              escapeMarkdown(probe.expected),
              escapeMarkdown(cameText(probe)),
              probe.rule === undefined ? '' : ruleOf(probe.rule),
            ]),
        )),
  ];
}

function ruleOf(rule: NonNullable<NonNullable<Report['probes']>[number]['rule']>): string {
  return `${escapeMarkdown(rule.text)}${settingsOf(rule)
    .map((setting) => `<br>${setting}`)
    .join('')}`;
}

function loads(report: Report): string[] {
  const rows = loadRows(report);
  if (rows.length === 0) return [];
  return [
    '### Loads',
    '',
    ...table(
      loadHead,
      rows.map((row) => row.map(escapeMarkdown)),
    ),
  ];
}

export function reasonOf({ reason }: Pick<Report['checks'][number], 'reason'>): string {
  if (reason === undefined) return '';
  return [escapeMarkdown(reason.text), ...settingsOf(reason)].map((line) => `<br>${line}`).join('');
}

/** Each setting, and its place on a line of its own. */
export const settingsOf = (behind: Parameters<typeof settingsBehind>[0]) =>
  settingsBehind(behind).flatMap(({ setting, source }) => [
    code(setting),
    ...(source === undefined ? [] : [code(source)]),
  ]);

function errors(report: Report): string[] {
  if (report.errors.length === 0) return [];
  const left = report.errors.slice(MOST_ERRORS).reduce((sum, error) => sum + error.count, 0);
  return [
    '### Where errors came from',
    '',
    ...table(
      ['Count', 'Answer', 'Cause', 'Host', 'Setting'],
      report.errors
        .slice(0, MOST_ERRORS)
        .map((error) => [
          `**${formatCount(error.count)}**`,
          code(formatAnswer(error)),
          escapeMarkdown(error.cause),
          code(error.host),
          settingsOf(error).join('<br>'),
        ]),
    ),
    ...(left === 0 ? [] : [`*${formatCount(left)} more in smaller groups, see report.html.*`, '']),
  ];
}

function changes({ changes: all = [] }: Report): string[] {
  if (all.length === 0) return [];
  return table(
    ['Change', 'What', 'Made', 'Sidecars', 'What came of it'],
    all.map((change) => [
      code(change.name),
      escapeMarkdown(change.description),
      escapeMarkdown(formatChangeTime(change)),
      escapeMarkdown(formatArrivals(change)),
      escapeMarkdown(formatChangeOutcome(change)),
    ]),
  );
}

function faults(report: Report): string[] {
  if (report.faults.length === 0) return [];
  return table(
    ['Fault', 'What', 'Targets', 'On', 'Effect'],
    report.faults.map((fault) => [
      code(fault.name),
      escapeMarkdown(fault.description),
      fault.targets.map(code).join(' '),
      formatFaultSpan(fault, report),
      `${efficacyWords[fault.efficacy.status]}: ${escapeMarkdown(fault.efficacy.observed)}; expected ${escapeMarkdown(fault.efficacy.expected)}`,
    ]),
  );
}

function rules(report: Report): string[] {
  return table(
    ['', 'Rule', 'Observed', 'Limit'],
    byUrgency(report.validity).map((finding) => [
      `${ruleMarks[finding.status]} ${finding.status}`,
      escapeMarkdown(finding.title),
      escapeMarkdown(finding.observed),
      escapeMarkdown(finding.limit),
    ]),
  );
}

/** What the user wrote and what is in effect of it; defaults are left to report.html. */
function held({ effective = [] }: Report): string[] {
  return effective.flatMap(({ who, about, sections }) => {
    const rows = sections.flatMap(({ title, rows: all, note }) => [
      ...(note === undefined ? [] : [[escapeMarkdown(title), escapeMarkdown(note), '']]),
      ...all
        .filter(({ from }) => from === undefined)
        .map(({ what, value, source }) => [
          escapeMarkdown(what === '' ? title : `${title}: ${what}`),
          escapeMarkdown(value),
          source === undefined ? '' : code(source),
        ]),
    ]);
    if (rows.length === 0) return [];
    return [
      `**${escapeMarkdown(who)}**, ${escapeMarkdown(about)}`,
      '',
      ...table(['What', 'In effect', 'From'], rows),
    ];
  });
}

function remarks(report: Report): string[] {
  return [
    ...report.notes.map((note) => `- ${escapeMarkdown(note)}`),
    ...report.gaps.map(
      (gap) => `- Missing evidence, ${formatSpan(gap.fromMs, gap.toMs)}: ${escapeMarkdown(gap.what)}`,
    ),
  ];
}

function facts(report: Report): string[] {
  const { run, scenario } = report;
  return [
    `- Scenario ${code(scenario.file)}${scenario.profile === undefined ? '' : `, profile ${code(scenario.profile)}`}: ${escapeMarkdown(scenario.load)}`,
    `- Run ${code(run.id)}, started ${escapeMarkdown(run.startedAt)}`,
    `- ${escapeMarkdown(run.mesh)} on ${escapeMarkdown(run.environment)}, ${escapeMarkdown(run.machine.platform)} with ${run.machine.cpus} CPUs and ${formatBytes(run.machine.memoryBytes)} memory`,
    `- Time: ${formatTiming(report)}`,
    `- Seed: ${formatSeed(report)}`,
    `- Again: ${code(run.command)}`,
  ];
}

function details(summary: string, body: string[]): string[] {
  if (body.length === 0) return [];
  return [`<details><summary>${escapeMarkdown(summary)}</summary>`, '', ...body, '', '</details>', ''];
}

export function table(head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return ['None.', ''];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** A code block whose fence is longer than any run of backticks inside. */
function fenced(content: string): string[] {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}yaml`, content.trimEnd(), fence];
}

const entity = (character: string) => `&#${character.codePointAt(0)};`;

/** Text as text: no markup, no table cell, no mention, no issue reference and no link comes out of it. */
export function escapeMarkdown(text: string): string {
  return unlinked(plain(text).replace(/[&<>"'\\`*_[\]|~]|^[#+-]/g, entity));
}

/** Text as code; HTML rather than backticks, which a table cell can't escape, and in which text is read as anywhere. */
export function code(text: string): string {
  return `<code>${unlinked(plain(text).replace(/[&<>"'\\`*_[\]|~]/g, entity))}</code>`;
}

/** What GitHub makes a link of by itself: addresses, mentions, issues, and commits by their hash. */
const unlinked = (text: string) =>
  text
    .replace(/@(?=\w)/g, '@<!-- -->')
    .replace(/#(?=\d)(?<!&#)/g, '#<!-- -->')
    .replace(/:(?=\/\/)/g, ':<!-- -->')
    .replace(/\b(mailto|xmpp):/gi, '$1<!-- -->:')
    .replace(/\bwww\./gi, 'www<!-- -->.')
    .replace(/\b(?=[\da-f]*\d)([\da-f]{6})([\da-f]{1,34})\b/g, '$1<!-- -->$2');
