import { formatPercent, plural } from '../../kit/format.ts';
import type { Report, ReportCheck } from '../../report/model.ts';
import { formatSetting, settingsBehind } from '../../report/words.ts';

type Told = Pick<Report, 'verdict' | 'traffic' | 'checks' | 'validity' | 'faults' | 'errors' | 'changes'>;

/** The verdict in a sentence or two, for someone who reads nothing else. */
export function summaryOf(report: Told): string {
  const { verdict } = report;
  switch (verdict) {
    case 'pass':
      return `The mesh held${during(report)}: ${success(report)}, and ${allChecks(report.checks)}.`;
    case 'fail': {
      const cause = mainCause(report);
      return `The mesh did not hold${when(report)}: ${failures(report.checks)}.${firstReason(report, cause)}${cause}`;
    }
    case 'invalid':
      return `This run proves nothing: ${refusal(report) ?? doubt(report)}`;
  }
}

function during({ faults }: Told): string {
  if (faults.length === 0) return ' under load';
  const told = faults.slice(0, 2).map(({ description }) => description);
  return ` while ${told.join(' and ')}${faults.length > 2 ? `, with ${plural(faults.length - 2, 'more fault')}` : ''}`;
}

/** Whether it was a fault that the mesh did not hold against: the first check that failed tells. */
function when(report: Told): string {
  const failed = report.checks.find(({ status }) => status === 'fail');
  const before = failed?.window.name === 'steady' && report.faults.length > 0;
  return before ? ', even before the first fault' : during(report);
}

function success({ traffic }: Pick<Told, 'traffic'>): string {
  return `${formatPercent(traffic.requests === 0 ? 0 : traffic.ok / traffic.requests)} of ${plural(traffic.requests, 'request')} succeeded`;
}

function allChecks(checks: readonly ReportCheck[]): string {
  return checks.length === 1 ? 'its check passed' : `all ${checks.length} checks passed`;
}

function failures(checks: readonly ReportCheck[]): string {
  const failed = checks.filter(({ status }) => status === 'fail');
  const [first] = failed;
  if (first === undefined) return 'a check failed';
  const others = failed.length > 1 ? `; ${plural(failed.length - 1, 'more check')} failed too` : '';
  const unanswered = checks.filter(({ status }) => status === 'invalid').length;
  const beside = unanswered === 0 ? '' : `; ${plural(unanswered, 'check')} could not be answered`;
  return `"${first.name}" was expected, and it was ${first.observed} (limit ${first.limit})${others}${beside}`;
}

/** Why the first check failed, unless that is the cause of most failures, which is told anyway. */
function firstReason({ checks }: Told, mainCause: string): string {
  const reason = checks.find(({ status }) => status === 'fail')?.reason;
  if (reason?.setting === undefined || mainCause.includes(reason.text)) return '';
  return ` ${reason.text}${behind(reason)}`;
}

/** The first setting that the user wrote. */
function behind(reason: Parameters<typeof settingsBehind>[0]): string {
  const written = settingsBehind(reason).find(({ source }) => source !== undefined);
  return written === undefined ? '' : ` The setting behind it: ${formatSetting(written)}.`;
}

/** The cause of most failures, unless there are hardly any. */
function mainCause({ errors, traffic }: Told): string {
  const causes = Map.groupBy(errors, ({ cause }) => cause);
  const counted = [...causes.values()].map((groups) => ({
    ...groups[0],
    count: groups.reduce((sum, { count }) => sum + count, 0),
  }));
  const first = counted.sort((a, b) => b.count - a.count)[0];
  if (first === undefined || first.count < 2) return '';
  const failed = traffic.requests - traffic.ok;
  const share =
    failed === first.count
      ? 'All failures'
      : `Most failures (${formatPercent(Math.round((first.count / failed) * 100) / 100)})`;
  return ` ${share} have one cause: ${first.cause}${behind(first)}`;
}

/** That the mesh did not take a change, which explains all that is missing. */
function refusal({ changes = [], traffic }: Told): string | undefined {
  const refused = changes.find(({ status }) => status === 'refused');
  if (refused === undefined) return undefined;
  return `it ended when a sidecar refused the change ${refused.name}. ${refused.refused}. Until then ${success({ traffic })}.`;
}

function doubt({ validity, checks }: Told): string {
  const violated = validity.filter(({ status }) => status === 'violated');
  const [first] = violated;
  if (first !== undefined) {
    const others = violated.length > 1 ? ` ${plural(violated.length - 1, 'more rule')} violated too.` : '';
    return `"${first.title}" does not hold: ${first.observed} (limit: ${first.limit}).${first.detail ? ` ${first.detail}` : ''}${others}`;
  }
  const unanswered = checks.find(({ status }) => status === 'invalid');
  if (unanswered === undefined) return 'it has no checks.';
  return `"${unanswered.name}" could not be answered (${unanswered.detail ?? unanswered.observed}).`;
}
