import type { BriefReport, ReportCheck, Status } from '../model.ts';
import { cameText, figures, formatWindow, plural, verdictWords } from '../words.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

export const suiteVerdictWords = {
  ...verdictWords,
  error: { label: 'ERROR', meaning: 'Not every scenario could be run.' },
} as const satisfies Record<Suite['verdict'], { label: string; meaning: string }>;

export const outcomeWords = {
  pass: 'passed',
  fail: 'failed',
  invalid: 'invalid',
  error: 'error',
  'not-run': 'not run',
} as const satisfies Record<Outcome, string>;

/** What stands for an outcome where there are signs and colours for verdicts alone. */
export const statusOf = (outcome: Suite['verdict'] | Outcome): Status =>
  outcome === 'error' || outcome === 'not-run' ? 'invalid' : outcome;

/** Something that kept a scenario from passing. */
export interface Failing {
  readonly status: Status;
  readonly what: string;
  /** What was seen and what was allowed; the message of an error. */
  readonly observed: string;
  readonly detail?: string | undefined;
  readonly reason?: ReportCheck['reason'];
}

/** Everything that kept a scenario from passing, the checks that failed first. */
export function failingOf(scenario: SuiteScenario): readonly Failing[] {
  if (scenario.ended === 'not-run') return [];
  if (scenario.ended === 'error') {
    const { folder, error } = scenario;
    const what = folder === undefined ? 'no report' : 'not to its end';
    return [{ status: 'invalid', what, observed: error.message, detail: error.hint }];
  }
  const { report } = scenario;
  if (report.verdict === 'pass') return [];
  const checks = (status: Status) =>
    report.checks.filter((check) => check.status === status).map((check) => failing(report, check));
  const rules = report.validity
    .filter((finding) => finding.status === 'violated')
    .map(
      ({ title, observed, limit, detail }): Failing => ({
        status: 'invalid',
        what: title,
        observed: `observed ${observed}, limit ${limit}`,
        detail,
      }),
    );
  return eachReasonOnce([...checks('fail'), ...probesThatFailed(report), ...rules, ...checks('invalid')]);
}

/** Often one setting is behind everything that failed: it is told with the first. */
function eachReasonOnce(all: readonly Failing[]): readonly Failing[] {
  const told = new Set<string>();
  return all.map((each) => {
    if (each.reason === undefined) return each;
    const reason = JSON.stringify(each.reason);
    if (told.has(reason)) return { ...each, reason: { text: 'For the same reason as above.' } };
    told.add(reason);
    return each;
  });
}

/** The first of the probes that went wrong, with the rule of the mesh behind each. */
function probesThatFailed({ probes = [] }: BriefReport): readonly Failing[] {
  const failed = probes.filter(({ status }) => status === 'fail');
  return failed.slice(0, mostProbes).map((probe, index, { length }) => ({
    status: 'fail',
    what: probe.request,
    observed: `expected ${probe.expected}; came ${cameText(probe)}`,
    detail:
      index === length - 1 && failed.length > length
        ? `and ${plural(failed.length - length, 'more probe')}: the report of the run has them all`
        : undefined,
    reason: probe.rule,
  }));
}
const mostProbes = 5;

function failing(report: BriefReport, check: ReportCheck): Failing {
  const { status, name, observed, limit, detail, reason } = check;
  const window = formatWindow(report, check.window);
  return {
    status,
    what: name,
    observed: `observed ${observed}, limit ${limit}, in ${window}`,
    detail,
    reason,
  };
}

/** What is to be said of a scenario in a sentence or two. */
export function saidOf(scenario: SuiteScenario): string {
  if (scenario.ended === 'reported') {
    return `${scenario.report.interrupted ? 'Interrupted before its end. ' : ''}${scenario.report.summary}`;
  }
  return scenario.ended === 'error' ? scenario.error.message : `Not run: ${scenario.why}.`;
}

/** The numbers of a scenario that stand in a row, by column; "-" where it has none. */
export function numbersOf(scenario: SuiteScenario): Readonly<Record<(typeof numberHead)[number], string>> {
  if (scenario.ended !== 'reported') {
    return { Checks: '-', Requests: '-', Succeeded: '-', p95: '-' };
  }
  const { report } = scenario;
  const held = report.checks.filter(({ status }) => status === 'pass').length;
  const figure = (label: string) => figures(report).find((each) => each.label === label)?.value ?? '-';
  return {
    Checks: `${held} of ${report.checks.length}`,
    Requests: figure('Requests'),
    Succeeded: figure('Success rate'),
    p95: figure('p95 latency'),
  };
}
export const numberHead = ['Checks', 'Requests', 'Succeeded', 'p95'] as const;

/** How long a scenario took, in milliseconds; undefined where it was not run. */
export const wallMsOf = (scenario: SuiteScenario): number | undefined =>
  scenario.ended === 'not-run' ? undefined : scenario.wallMs;

/** The path of a run's report as seen from the folder of its suite. */
export const reportBeside = (folder: string, file: string): string =>
  `../${encodeURIComponent(folder)}/${file}`;

/** Outcomes with how many scenarios had each, those that nothing had left out. */
export function countsOf({ scenarios }: Suite): readonly { outcome: Outcome; count: number }[] {
  return (Object.keys(outcomeWords) as Outcome[])
    .map((outcome) => ({
      outcome,
      count: scenarios.filter((scenario) => outcomeOf(scenario) === outcome).length,
    }))
    .filter(({ count }) => count > 0);
}
