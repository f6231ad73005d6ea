import { formatArrivals, formatChangeOutcome, formatChangeTime } from './change-words.ts';
import {
  type Block,
  cell,
  code,
  details,
  fenced,
  fitting,
  list,
  paragraphs,
  sentences,
  shortCode,
  table,
} from './markdown-text.ts';
import type { Report } from './model.ts';
import {
  byStatus,
  byUrgency,
  cameText,
  efficacyWords,
  exceptions,
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
  probeOutcomes,
  settingsBehind,
  undisguised,
  unsaidMeaning,
  verdictWords,
} from './words.ts';

/** What a table of a comment has room for. */
const mostErrors = 20;
/** Files that have room; a fold for each of thousands is no help. */
const mostFiles = 50;
const mostTargets = 50;
/** With more checks than this, those that held are folded. */
const mostUnfolded = 12;
export const marks = { pass: '✅', fail: '❌', invalid: '⚠️' } as const;
const ruleMarks = { ok: '✅', violated: '⚠️', 'not-applicable': '➖' } as const;

/** report.md: the verdict, what was checked and where errors came from, for a pull request. */
export function markdown(report: Report): string {
  return fitting(
    [
      verdict(report),
      ...(report.verdict === 'invalid' ? [violations(report)] : []),
      ...checks(report),
      ...probes(report),
      loads(report),
      ...errors(report),
      details('Faults', faults(report)),
      details('Changes of the mesh configuration', changes(report)),
      details('Is this run valid?', rules(report)),
      details('In effect', held(report)),
      details('Notes and missing evidence', remarks(report)),
      details('About this run', facts(report)),
      ...report.configuration
        .slice(0, mostFiles)
        .map(({ file, content }) =>
          details(`Configuration under test: ${file}`, fenced(undisguised(content), 'yaml')),
        ),
    ],
    'report.html',
  );
}

function verdict(report: Report): Block {
  const { label } = verdictWords[report.verdict];
  const meaning = unsaidMeaning(report);
  return paragraphs([
    `## ${marks[report.verdict]} ${label}: ${cell(report.scenario.name)}`,
    '',
    `${meaning === '' ? '' : `**${meaning}** `}${cell(report.summary)}`,
    ...(report.interrupted ? ['', '**The run was interrupted before its end.**'] : []),
    '',
    figures(report)
      .map(({ label, value }) => `${cell(label)} **${cell(value)}**`)
      .join(' · '),
  ]);
}

function violations(report: Report): Block {
  const violated = report.validity.filter((finding) => finding.status === 'violated');
  return list(
    violated,
    ({ title, observed, limit, detail }) =>
      `- **${cell(title)}**: ${cell(sentences([`${observed}, limit ${limit}`, detail]))}`,
  );
}

/** Every check in a table, what did not hold first; behind it why, and those that held where they are many. */
function checks(report: Report): readonly Block[] {
  const ordered = byStatus(report.checks);
  const held = ordered.filter(({ status }) => status === 'pass');
  const folds = report.checks.length > mostUnfolded && held.length > 0;
  const shown = folds ? ordered.filter(({ status }) => status !== 'pass') : report.checks;
  const head = ['', 'Check', 'Observed', 'Limit', 'Window', 'Samples'];
  const row = (check: Report['checks'][number]) => [
    `${marks[check.status]} ${check.status}`,
    cell(check.name),
    `**${cell(check.observed)}**`,
    cell(check.limit),
    cell(formatWindow(report, check.window)),
    formatCount(check.samples),
  ];
  const heading = ['### Checks', ''];
  return [
    shown.length === 0
      ? paragraphs([`All ${formatCount(held.length)} checks held.`], heading)
      : table(head, shown, row, heading),
    whys(ordered),
    ...(folds ? [details(`${formatCount(held.length)} checks held`, table(head, held, row))] : []),
  ];
}

/** Why checks did not hold, each with the settings behind it; what several share is told once. */
function whys(all: Report['checks']): Block {
  const told = new Set<string>();
  return list(
    all.filter(({ status, detail, reason }) => status !== 'pass' && (detail ?? reason) !== undefined),
    ({ name, detail, reason }) => {
      const why = JSON.stringify(reason);
      const again = reason !== undefined && told.has(why);
      told.add(why);
      const said = sentences([detail, again ? 'For the same reason as above.' : reason?.text]);
      return entry(`**${cell(name)}**: ${cell(said)}`, again ? undefined : reason);
    },
  );
}

/** An entry of a list with settings below it, which is one line of a block. */
export const entry = (text: string, behind: Parameters<typeof settingsBehind>[0] = {}) =>
  [`- ${text}`, ...placesOf(behind).map((place) => `  - ${place}`)].join('\n');

/** Each setting with its place. */
const placesOf = (behind: Parameters<typeof settingsBehind>[0]) =>
  settingsBehind(behind).map(
    ({ setting, source }) => `${shortCode(setting)}${source === undefined ? '' : ` in ${shortCode(source)}`}`,
  );

/** Every probe that went wrong; of those that went as expected, how many. */
function probes(report: Report): readonly Block[] {
  const all = probeOutcomes(report);
  if (all.length === 0) return [];
  const wrong = all.filter(({ status }) => status !== 'pass');
  const open = [
    '### Probes',
    '',
    `${all.length - wrong.length} of ${all.length} as expected${exceptions(all)}.`,
    '',
  ];
  if (wrong.length === 0) return [paragraphs(open)];
  return [
    table(
      ['', 'Request', 'Expected', 'What came'],
      wrong,
      ({ probe, status }) => [
        `${marks[status]} ${status}`,
        cell(probe.request),
        cell(probe.expected),
        cell(cameText(probe)),
      ],
      open,
    ),
    list(
      wrong.flatMap(({ probe }) => (probe.rule === undefined ? [] : [probe])),
      ({ request, rule }) => entry(`${cell(request)}: ${cell(rule?.text ?? '')}`, rule),
    ),
  ];
}

function loads(report: Report): Block {
  return table(loadHead, loadRows(report), (row) => row.map(cell), ['### Loads', '']);
}

function errors({ errors: all }: Report): readonly Block[] {
  const left = all.slice(mostErrors).reduce((sum, error) => sum + error.count, 0);
  return [
    table(
      ['Count', 'Answer', 'Cause', 'Host', 'Setting'],
      all.slice(0, mostErrors),
      (error) => [
        `**${formatCount(error.count)}**`,
        shortCode(formatAnswer(error)),
        cell(error.cause),
        shortCode(error.host),
        placesOf(error).join('<br>'),
      ],
      ['### Where errors came from', ''],
    ),
    paragraphs(left === 0 ? [] : [`*${formatCount(left)} more in smaller groups: see report.html.*`]),
  ];
}

function changes({ changes: all = [] }: Report): Block {
  return table(['Change', 'What', 'Made', 'Sidecars', 'What came of it'], all, (change) => [
    shortCode(change.name),
    cell(change.description),
    cell(formatChangeTime(change)),
    cell(formatArrivals(change)),
    cell(formatChangeOutcome(change)),
  ]);
}

function faults(report: Report): Block {
  return table(['Fault', 'What', 'Targets', 'On', 'Effect'], report.faults, (fault) => [
    shortCode(fault.name),
    cell(fault.description),
    cell(fault.targets.slice(0, mostTargets).join(', ')),
    formatFaultSpan(fault, report),
    `${efficacyWords[fault.efficacy.status]}: ${cell(fault.efficacy.observed)}; expected ${cell(fault.efficacy.expected)}`,
  ]);
}

function rules(report: Report): Block {
  return table(['', 'Rule', 'Observed', 'Limit'], byUrgency(report.validity), (finding) => [
    `${ruleMarks[finding.status]} ${finding.status}`,
    cell(finding.title),
    cell(finding.observed),
    cell(finding.limit),
  ]);
}

/** What the user wrote and what is in effect of it; defaults are left to report.html. */
function held({ effective = [] }: Report): Block {
  const rows = effective.flatMap(({ who, about, sections }) =>
    sections.flatMap(({ title, rows: all, note }) => [
      ...(note === undefined ? [] : [{ who, about, what: title, value: note }]),
      ...all
        .filter(({ from }) => from === undefined)
        .map((row) => ({ ...row, who, about, what: row.what === '' ? title : `${title}: ${row.what}` })),
    ]),
  );
  return table(['Sidecar', 'What', 'In effect', 'From'], rows, ({ who, about, what, value, ...row }) => [
    cell(`${who}, ${about}`),
    cell(what),
    cell(value),
    'source' in row ? shortCode(row.source ?? '') : '',
  ]);
}

function remarks({ notes, gaps }: Report): Block {
  const missing = gaps.map(
    ({ what, fromMs, toMs }) => `Missing evidence, ${formatSpan(fromMs, toMs)}: ${what}`,
  );
  return list([...notes, ...missing], (text) => `- ${cell(text)}`);
}

function facts(report: Report): Block {
  const { run, scenario } = report;
  return paragraphs([
    `- Scenario ${code(scenario.file)}${scenario.profile === undefined ? '' : `, profile ${code(scenario.profile)}`}: ${cell(scenario.load)}`,
    `- Run ${code(run.id)}, started ${cell(run.startedAt)}`,
    `- ${cell(run.mesh)} on ${cell(run.environment)}, ${cell(run.machine.platform)} with ${run.machine.cpus} CPUs and ${formatBytes(run.machine.memoryBytes)} memory`,
    `- Time: ${formatTiming(report)}`,
    `- Seed: ${code(formatSeed(report))}`,
    `- Again: ${code(run.command)}`,
  ]);
}
