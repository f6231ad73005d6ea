import { formatMs } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement } from './judgement.ts';

/** A load that ended this share before its plan did not do what was asked. */
const CUT_SHORT = 0.02;

/** The load lasts as long as the plan says, and k6 ends well. */
export const loadFinished: Rule = eachLoad({
  name: 'load-finished',
  title: 'The load ran to its end',
  ofAll: true,
  judge({ totals }, { trial, evidence: { loadEndedMs } }) {
    const limit = 'to the end of the plan, with exit code 0';
    if (totals === undefined || loadEndedMs === undefined) {
      const detail = 'The load was interrupted or k6 crashed; logs/ holds what it said last.';
      const observed = totals === undefined ? 'k6 left no totals' : 'no end in the journal';
      return judgement(true, observed, limit, detail);
    }
    // 99: a threshold in a script of the user's own was crossed, which is a finding and may end it early.
    const crossed = totals.exitCode === 99;
    const crashed = totals.exitCode !== 0 && !crossed && totals.overran === undefined;
    const cutShort = !crossed && trial.durationMs > 0 && loadEndedMs < trial.durationMs * (1 - CUT_SHORT);
    return judgement(
      crashed || cutShort,
      `exit code ${totals.exitCode} after ${formatMs(loadEndedMs)}`,
      trial.durationMs > 0 ? `${formatMs(trial.durationMs)}, with exit code 0` : limit,
      'The load was interrupted or k6 failed; logs/ holds what it said last.',
    );
  },
});
