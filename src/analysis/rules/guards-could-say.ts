import { GUARDED_REQUESTS } from '../../plan/contract.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** A guard that never saw enough has let its change pass unseen. */
export const guardsCouldSay: Rule = {
  name: 'guards-could-say',
  title: 'Every guard saw enough to say something',
  judge({ facts: { changes } }) {
    const guarded = changes.filter(({ guard }) => guard !== undefined);
    if (guarded.length === 0) return { ...NOT_APPLICABLE, limit: 'only with guards' };
    const silent = guarded.filter(({ guard }) => guard?.saw === undefined);
    return judgement(
      silent.length > 0,
      silent.length === 0
        ? 'all of them'
        : silent.map(({ name }) => `that of ${name} could say nothing`).join('; '),
      `${GUARDED_REQUESTS} requests in the time that it looks back`,
      'Let the load be heavier, or the guard look at more and watch for longer.',
      'nothing',
    );
  },
};
