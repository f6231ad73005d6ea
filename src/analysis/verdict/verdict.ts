import type { Lacking } from '../../checks/contract.ts';
import { checkKind } from '../../checks/index.ts';
import type { ReportCheck, Status } from '../../report/model.ts';
import type { Reach, RuleResult } from '../rules/contract.ts';
import type { JudgedCheck } from './judge.ts';

/** Takes back what checks said that a violated rule puts in doubt. */
export function withdrawDoubtful(
  checks: readonly JudgedCheck[],
  results: readonly RuleResult[],
): ReportCheck[] {
  const doubts = results.filter(
    ({ finding, reach }) => finding.status === 'violated' && reach !== 'everything',
  );
  const worksAtAll = !checks.some(({ implied }) => implied);
  return checks.map((check) => {
    const { result } = check;
    const doubt = doubts.find(({ reach }) => isReached(check, reach, worksAtAll));
    if (doubt === undefined) return result;
    const why = `proves nothing: "${doubt.finding.title}" is violated`;
    return { ...result, status: 'invalid', detail: result.detail ? `${why}; ${result.detail}` : why };
  });
}

/** What requests that were sent tell, however many were not. */
const failures: ReadonlySet<Lacking['what']> = new Set([
  'few errors',
  'no failures',
  'low-latency',
  'spare sidecars',
  'expectations',
  'whole traces',
  'tracing',
  'metrics',
]);

/**
 * Who answers, who refuses, whom a server sees and what a mesh tells of that has nothing to do with time; what a request
 * costs it costs whenever it comes, and the requests past the mesh, which its latency is held against, come as late.
 */
const timeless: ReadonlySet<Lacking['what']> = new Set([
  'expectations',
  'spare sidecars',
  'whole traces',
  'tracing',
  'metrics',
]);

/** What a mesh does to some requests or hosts, of which none is a finding. */
const ofSome: ReadonlySet<Lacking['what']> = new Set(['overflow', 'ejection', 'rate-limit', 'caching']);

function isReached(
  { window, lacking, result, restsOn, implied }: JudgedCheck,
  reach: Reach,
  worksAtAll: boolean,
): boolean {
  switch (reach) {
    case 'everything':
      return true;
    case 'nothing':
      return false;
    case 'statistics':
      return restsOn === 'statistics';
    case 'spans':
      return lacking?.what === 'whole traces' || lacking?.what === 'tracing';
    case 'lateness': {
      // It makes checks fail, and none pass.
      if (result.status !== 'fail' || implied) return false;
      if (lacking !== undefined && timeless.has(lacking.what)) return false;
      // Where most of the steady state failed, what was to be free of failures there was not for that.
      const isFailure = lacking?.what === 'no failures' || lacking?.what === 'few errors';
      if (!worksAtAll && window.name === 'steady' && isFailure) return false;
      // What nobody was refused, ejected or spared for, lateness did not keep from it.
      const nobody = lacking !== undefined && ofSome.has(lacking.what) && !result.value;
      return !nobody;
    }
    case 'omission': {
      // What is not sent in slow moments hides failures, and makes none; only of answers there are fewer.
      const isTold = lacking !== undefined && failures.has(lacking.what);
      return !(result.status === 'fail' && isTold && checkKind(result).unit !== 'per-second');
    }
  }
  return window.name === 'run' || (window.fault !== undefined && reach.includes(window.fault));
}

/**
 * In this order: evidence that is unsound as a whole proves nothing, whatever checks say. A check that fails on sound
 * evidence fails the run, whatever else is in doubt or has no samples: where only a fault is in doubt, checks on it
 * have been withdrawn. Without a failure, anything in doubt or unanswered leaves the run invalid: absence of data is
 * never a pass.
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

/** Whether every check held, and whatever is in doubt is what came late: see `verdictOf` for what a run makes of that. */
export function heldThoughLate(results: readonly RuleResult[], checks: readonly ReportCheck[]): boolean {
  const violated = results.filter(({ finding }) => finding.status === 'violated');
  return (
    checks.length > 0 &&
    checks.every(({ status }) => status === 'pass') &&
    violated.every(({ reach }) => reach === 'lateness')
  );
}
