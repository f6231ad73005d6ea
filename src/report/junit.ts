import Builder from 'fast-xml-builder';
import { formatChangeOutcome, formatChangeTime } from './change-words.ts';
import type { BriefReport, Report } from './model.ts';
import {
  cameText,
  efficacyWords,
  formatAnswer,
  formatCount,
  formatSetting,
  formatSpan,
  formatWindow,
  settingsBehind,
  verdictWords,
} from './words.ts';

/** A test case of junit.xml; `error` is what invalidates, `failure` what the mesh got wrong. */
export interface Case {
  readonly name: string;
  readonly group: string;
  readonly seconds: number;
  readonly problem?: {
    readonly element: 'failure' | 'error';
    readonly message: string;
    readonly text: string;
  };
  /** Not counted; a text says why. */
  readonly skipped?: boolean | string;
}

/** A suite of junit.xml. */
export interface TestSuite {
  readonly name: string;
  readonly wallMs: number;
  /** ISO 8601; none where nothing was started. */
  readonly timestamp?: string;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly cases: readonly Case[];
  readonly output: string;
}

/** junit.xml: a suite per scenario, a case per check, probe and validity rule, for the CI systems that read it. */
export function junit(report: Report): string {
  return writeJunit([testSuite(report)]);
}

/** The suite of a run. */
export function testSuite(report: BriefReport): TestSuite {
  return {
    name: report.scenario.name,
    wallMs: report.timing.wallMs,
    timestamp: report.run.startedAt,
    properties: {
      'run.id': report.run.id,
      verdict: report.verdict,
      environment: report.run.environment,
      mesh: report.run.mesh,
      breakwater: report.run.breakwater,
      command: report.run.command,
      ...(report.run.seed === undefined ? {} : { seed: report.run.seed }),
    },
    cases: withVerdict(report, [
      ...report.checks.map(checkCase(report)),
      ...probeCases(report),
      ...ruleCases(report),
    ]),
    output: systemOut(report),
  };
}

/** Suites as a document. */
export function writeJunit(suites: readonly TestSuite[]): string {
  return xml.build({
    '?xml': attributes({ version: '1.0', encoding: 'UTF-8' }),
    testsuites: {
      ...attributes({ name: 'breakwater' }),
      ...totals(suites),
      testsuite: suites.map((suite) => ({
        ...attributes({ name: suite.name }),
        ...totals([suite]),
        ...(suite.timestamp === undefined ? {} : attributes({ timestamp: suite.timestamp })),
        properties: {
          property: Object.entries(suite.properties).map(([name, value]) => attributes({ name, value })),
        },
        testcase: suite.cases.map((entry) => testcase(suite, entry)),
        'system-out': suite.output,
      })),
    },
  });
}

function totals(suites: readonly TestSuite[]): Record<string, string> {
  const cases = suites.flatMap((suite) => suite.cases);
  const many = (element: 'failure' | 'error') =>
    cases.filter((entry) => entry.problem?.element === element).length;
  return attributes({
    tests: cases.length,
    failures: many('failure'),
    errors: many('error'),
    skipped: cases.filter((entry) => entry.skipped).length,
    time: seconds(suites.reduce((sum, { wallMs }) => sum + wallMs, 0)),
  });
}

const checkCase =
  (report: BriefReport) =>
  (check: Report['checks'][number]): Case => {
    const { fromMs, toMs } = check.window;
    const text = [
      `observed: ${check.observed}`,
      `limit:    ${check.limit}`,
      `window:   ${formatWindow(report, check.window)}, ${formatSpan(fromMs, toMs)}`,
      `samples:  ${formatCount(check.samples)}`,
      ...(check.detail === undefined ? [] : [check.detail]),
      ...(check.reason === undefined
        ? []
        : [
            `reason:   ${check.reason.text}`,
            ...settingsBehind(check.reason).map((each) => `setting:  ${formatSetting(each)}`),
          ]),
    ].join('\n');
    return {
      name: check.name,
      group: 'checks',
      seconds: (toMs - fromMs) / 1_000,
      ...(check.status === 'pass'
        ? {}
        : {
            problem: {
              element: check.status === 'fail' ? 'failure' : 'error',
              message: `observed ${check.observed}, limit ${check.limit}`,
              text,
            },
          }),
    };
  };

/** A probe that went wrong is red where a check of expectations is; where all hold, they allow for it. */
function probeCases({ probes = [], checks }: BriefReport): Case[] {
  const counts = checks.some(({ kind, status }) => kind === 'expectations' && status !== 'pass');
  return probes.map(({ name, request, expected, status, sent, known, met, rule, ...probe }) => {
    const came = cameText({ came: probe.came });
    const about = { name: `${name}: ${request}`, group: 'probes', seconds: 0 };
    if (status === 'pass') return about;
    const message = `expected ${expected}, came ${came}`;
    if (!counts) return { ...about, skipped: `${message}; the checks hold all the same` };
    const text = [
      `expected: ${expected}`,
      `came:     ${came}`,
      `met:      ${formatCount(met)} of ${formatCount(known)} known, ${formatCount(sent)} sent`,
      ...(rule === undefined
        ? []
        : [
            `rule:     ${rule.text}`,
            ...settingsBehind(rule).map((each) => `setting:  ${formatSetting(each)}`),
          ]),
    ].join('\n');
    return { ...about, problem: { element: status === 'fail' ? 'failure' : 'error', message, text } };
  });
}

function ruleCases(report: BriefReport): Case[] {
  return report.validity.map((finding) => ({
    name: finding.title,
    group: 'validity',
    seconds: 0,
    skipped: finding.status === 'not-applicable',
    ...(finding.status === 'violated'
      ? {
          problem: {
            element: 'error',
            message: `${finding.rule}: observed ${finding.observed}, limit ${finding.limit}`,
            text: [`observed: ${finding.observed}`, `limit:    ${finding.limit}`, finding.detail ?? ''].join(
              '\n',
            ),
          },
        }
      : {}),
  }));
}

/** A run that did not pass must never look green, even where no single check or rule says why. */
function withVerdict(report: BriefReport, cases: Case[]): Case[] {
  if (report.verdict === 'pass' || cases.some((entry) => entry.problem)) return cases;
  const { label, meaning } = verdictWords[report.verdict];
  const element = report.verdict === 'fail' ? 'failure' : 'error';
  const message = report.interrupted ? 'The run was interrupted.' : `${label}: ${meaning}`;
  return [
    ...cases,
    { name: 'verdict', group: 'verdict', seconds: 0, problem: { element, message, text: report.summary } },
  ];
}

function testcase(suite: TestSuite, { name, group, seconds, problem, skipped }: Case): object {
  const classname = `${suite.name}.${group}`;
  const about = attributes({ classname, name, time: seconds.toFixed(3) });
  if (!problem) {
    const why = typeof skipped === 'string' ? attributes({ message: skipped }) : '';
    return { ...about, ...(skipped ? { skipped: why } : {}) };
  }
  const { element, message, text } = problem;
  const type = element === 'error' ? 'invalid' : 'fail';
  return { ...about, [element]: { ...attributes({ message, type }), '#text': text } };
}

function systemOut(report: BriefReport): string {
  return [
    `${verdictWords[report.verdict].label}: ${report.summary}`,
    ...report.faults.map(
      (fault) =>
        `fault ${fault.name} (${fault.kind}): ${efficacyWords[fault.efficacy.status]}, ${fault.efficacy.observed}`,
    ),
    ...(report.changes ?? []).map(
      (change) => `change ${change.name}: ${formatChangeTime(change)}; ${formatChangeOutcome(change)}`,
    ),
    ...report.errors.map(
      (error) =>
        `${formatCount(error.count)} x ${formatAnswer(error)} from ${error.host}: ${error.cause}; ${settingsBehind(error).map(formatSetting).join('; ')}`,
    ),
  ].join('\n');
}

const seconds = (ms: number) => (ms / 1_000).toFixed(3);

/** As the builder tells them from elements. */
function attributes(values: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`@_${name}`, String(value)]));
}

/** What XML 1.0 allows no document to contain, not even as a reference. https://www.w3.org/TR/xml/#charsets */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const allowed = (_name: string, value: unknown) => String(value).toWellFormed().replace(forbidden, '\ufffd');

const xml = new Builder({
  format: true,
  ignoreAttributes: false,
  // A check may be named "true".
  suppressBooleanAttributes: false,
  suppressEmptyNode: true,
  tagValueProcessor: allowed,
  attributeValueProcessor: allowed,
});
