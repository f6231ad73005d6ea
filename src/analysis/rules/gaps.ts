import { formatMs } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';

/** What a check looks at is all there. */
export const gaps: Rule = {
  name: 'gaps',
  title: 'No evidence is missing in a window that counts',
  judge({ evidence, checks }) {
    const hit = evidence.context.gaps.find(({ fromMs, toMs }) =>
      checks.some(
        ({ window }) => fromMs - evidence.originMs < window.toMs && toMs - evidence.originMs > window.fromMs,
      ),
    );
    return judgement(
      hit !== undefined,
      hit === undefined
        ? 'none'
        : `${hit.what}, ${formatMs(Math.max(0, hit.fromMs - evidence.originMs))} to ${formatMs(Math.max(0, hit.toMs - evidence.originMs))} into the load`,
      'none',
      'What happened then is unknown; run it again.',
    );
  },
};
