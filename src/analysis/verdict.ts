import type { ReportCheck, Status } from '../report/model.ts';
import type { JudgedCheck } from './judge.ts';
import type { RuleResult } from './rules/contract.ts';

/** Takes back what checks said about faults that a violated rule puts in doubt. */
export function withdrawDoubtful(
  checks: readonly JudgedCheck[],
  results: readonly RuleResult[],
): ReportCheck[] {
  const doubts = results.filter(
    ({ finding, reach }) => finding.status === 'violated' && reach !== 'everything',
  );
  return checks.map(({ result, window }) => {
    const doubt = doubts.find(
      ({ reach }) => window.name === 'run' || (window.fault !== undefined && reach.includes(window.fault)),
    );
    if (doubt === undefined) return result;
    const why = `proves nothing: ${doubt.finding.title.toLowerCase()} is violated (${doubt.finding.observed})`;
    return { ...result, status: 'invalid', detail: result.detail ? `${why}; ${result.detail}` : why };
  });
}

/**
 * Validity first: a run whose evidence is unsound proves nothing, whatever its checks say. Where only a fault is
 * in doubt, a check that does not rest on it may still fail. Without a failure, one check that could not be
 * answered leaves the run invalid: absence of data is never a pass.
 */
export function verdictOf(results: readonly RuleResult[], checks: readonly ReportCheck[]): Status {
  const violated = results.filter(({ finding }) => finding.status === 'violated');
  if (violated.some(({ reach }) => reach === 'everything')) return 'invalid';
  if (checks.some(({ status }) => status === 'fail')) return 'fail';
  if (violated.length > 0 || checks.length === 0 || checks.some(({ status }) => status === 'invalid')) {
    return 'invalid';
  }
  return 'pass';
}
