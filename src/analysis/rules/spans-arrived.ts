import { formatCount, plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** What sidecars reported of traces is there: what is lost on its way would look like a broken trace. */
export const spansArrived: Rule = {
  name: 'spans-arrived',
  title: 'Every span that was reported is there',
  judge({ evidence }) {
    const { spans, context } = evidence;
    if (spans === undefined || context.spans === undefined)
      return { ...NOT_APPLICABLE, limit: 'only where spans are taken' };
    const counts = Object.entries(context.spans);
    const sent = counts.reduce((sum, [, each]) => sum + each.sent, 0);
    const missing = counts.reduce(
      (sum, [name, each]) => sum + Math.max(each.lost, each.sent - (spans.received.get(name) ?? 0), 0),
      0,
    );
    const unfinished = counts.filter(([, each]) => each.unfinished).map(([name]) => name);
    const late = unfinished.length === 0 ? '' : `, and ${unfinished.join(', ')} might have had more`;
    return judgement(
      missing > 0 || unfinished.length > 0,
      `${missing === 0 ? 'all' : `all but ${formatCount(missing)}`} of ${plural(sent, 'span')}${late}`,
      'all',
      'The machine was too busy to report or to take them: lower the rate or what is sampled, or run it again.',
      'spans',
    );
  },
};
