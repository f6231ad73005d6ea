import { formatCount, formatPercent } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Share of planned requests that were never sent: an open loop that skips the slow moments hides them. */
const DROPPED = 0.001;

/** An open loop sends its requests whatever the answers do. */
export const droppedIterations: Rule = eachLoad({
  name: 'dropped-iterations',
  title: 'The generator sent what was due',
  ofAll: true,
  judge({ totals }) {
    const limit = `at most ${formatPercent(DROPPED)}`;
    if (totals === undefined) return { ...NOT_APPLICABLE, limit };
    if (totals.loop === 'closed') return { ...NOT_APPLICABLE, limit: 'only in an open loop' };
    const planned = totals.iterations + totals.droppedIterations;
    const share = planned === 0 ? 0 : totals.droppedIterations / planned;
    return judgement(
      share > DROPPED,
      `${formatPercent(share)} (${formatCount(totals.droppedIterations)} of ${formatCount(planned)})`,
      limit,
      `All of k6's ${totals.maxUsers} users were waiting for answers: raise load.maxLatency or load.users, or lower the rate.`,
      'omission',
    );
  },
});
