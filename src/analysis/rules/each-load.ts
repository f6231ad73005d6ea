import type { LoadFacts } from '../traffic/loads.ts';
import type { Grounds, Judgement, Rule } from './contract.ts';
import { BLIND } from './judgement.ts';

/** A rule that is about one load at a time. */
interface LoadRule extends Omit<Rule, 'judge'> {
  /** Whether it asks nothing of what sidecars know of requests. */
  readonly ofAll?: true;
  judge(load: LoadFacts, grounds: Grounds): Judgement;
}

/** Judges every load; of several each is named, and the worst decides. */
export function eachLoad({ judge, ...rule }: LoadRule): Rule {
  return {
    ...rule,
    judge: (grounds) => {
      if (grounds.loads.length === 0) throw new Error('a trial without a load');
      const seen = grounds.loads.filter((load) => rule.ofAll || !load.isBlind);
      const judged = seen.map((load) => ({ name: load.planned.name, found: judge(load, grounds) }));
      const [first, ...others] = judged;
      if (first === undefined) return BLIND;
      return others.length === 0 ? first.found : together(judged);
    },
  };
}

function together(judged: readonly { readonly name: string; readonly found: Judgement }[]): Judgement {
  const of = (field: 'observed' | 'limit' | 'detail') =>
    judged.flatMap(({ name, found }) => (found[field] === undefined ? [] : [`${name}: ${found[field]}`]));
  const limits = new Set(judged.map(({ found }) => found.limit));
  const [onlyLimit = ''] = limits;
  const details = of('detail');
  const violated = judged.flatMap(({ found }) => (found.status === 'violated' ? [found.reach] : []));
  const [reach] = violated;
  const isAny = (status: Judgement['status']) => judged.some(({ found }) => found.status === status);
  return {
    status: isAny('violated') ? 'violated' : isAny('ok') ? 'ok' : 'not-applicable',
    observed: of('observed').join('; '),
    limit: limits.size === 1 ? onlyLimit : of('limit').join('; '),
    ...(details.length === 0 ? {} : { detail: details.join(' ') }),
    // What they take away together is all, unless each takes the same.
    ...(reach === undefined || violated.some((each) => each !== reach) ? {} : { reach }),
  };
}
