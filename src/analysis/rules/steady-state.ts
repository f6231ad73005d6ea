import { formatPercent, plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';
import { REQUESTS_IN_WINDOW } from './traffic.ts';

/**
 * Share of failures before the first fault. A mesh that is partly wrong before the fault is a finding, for
 * checks to judge; when most requests fail there is no state that a fault could disturb.
 */
export const STEADY_FAILURES = 0.5;

/** There is a state before the first fault that it can be compared with. */
export const steadyState: Rule = {
  name: 'steady-state',
  title: 'There was a steady state to compare with',
  ofRequests: true,
  judge({ facts, trial }) {
    const limit = `at most ${formatPercent(STEADY_FAILURES)} failing`;
    const steady = facts.windows.find(({ name }) => name === 'steady');
    const count = steady === undefined ? 0 : facts.count(steady);
    if (facts.faults.length === 0) return { ...NOT_APPLICABLE, limit: 'only with faults' };
    if (steady === undefined || count < REQUESTS_IN_WINDOW) {
      return judgement(
        true,
        `${plural(count, 'request')} between the warmup and the first fault`,
        `at least ${REQUESTS_IN_WINDOW}`,
        'Start the first fault later or shorten the warmup, so that there is a state to compare with.',
      );
    }
    const failed = facts.count(steady, { outcome: 'error' }) + facts.count(steady, { outcome: 'unanswered' });
    // The mesh has answered before the configuration under test came: what fails under it is a finding, and a check's.
    const isFinding = trial.configuration.length > 0;
    return judgement(
      failed / count > STEADY_FAILURES && !isFinding,
      `${formatPercent(failed / count)} of ${plural(count, 'request')} failed before the first fault`,
      isFinding ? `at least ${REQUESTS_IN_WINDOW} requests` : limit,
      'Most requests failed before anything was broken, and no configuration is under test: see the errors for the cause, and put that right first.',
    );
  },
};
