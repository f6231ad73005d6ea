import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import { describeTarget, instanceTarget } from '../model/target.ts';
import type { CheckKind, Lacking, Window } from './contract.ts';
import type { RunFacts } from './facts.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, type Limits, NEEDED_REQUESTS } from './limits.ts';
import { targetsOf } from './targets.ts';

const schema = z
  .strictObject({
    kind: z.literal('share'),
    ...checkFields,
    of: instanceTarget.describe('Whose share: a workload, one replica of it, a zone or a service.'),
    ...bounds(() =>
      percent().describe(
        'Share of the requests that some host answered; of a service that only apps call, of those calls.',
      ),
    ),
  })
  .refine(hasBound, noBound);

/** Where the traffic went: the share of answered requests that some instances answered. */
export const share: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) =>
    `share of requests answered by ${describeTarget(check.of)} ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const of = facts.instancesOf(check.of);
    const { all: answered, by: count } = facts.answered(window, of);
    const limit = formatLimits(check, formatPercent);
    if (answered === 0) {
      const observed = 'no host answered anything';
      const samples = check.atLeast === undefined ? 0 : facts.count(window);
      return {
        value: undefined,
        samples,
        neededSamples: NEEDED_REQUESTS,
        holds: false,
        observed,
        limit,
        lacking: { what: 'no failures' },
      };
    }
    return {
      value: count / answered,
      samples: answered,
      neededSamples: NEEDED_REQUESTS,
      holds: isWithin(count / answered, check),
      observed: formatPercent(count / answered),
      limit,
      lacking: { ...lackingIn(window, count / answered, check, of, disturbanceIn(window, facts)), of },
      detail: `${plural(count, 'request')} of ${plural(answered, 'answered request')}`,
    };
  },
};

/** From this share of the requests on that succeed, none of them goes to hosts that fail. */
const SETTLED = 0.99;

/** Whom the fault of a window has hit, and whether traffic has left them. */
interface Disturbance {
  readonly targets: readonly string[];
  readonly isOver: boolean;
}

function disturbanceIn(window: Window, facts: RunFacts): Disturbance {
  const targets = targetsOf(facts, window);
  const { by: theirs, all: answered } = facts.answered(window, targets);
  const succeeded = facts.count(window, { outcome: 'ok' });
  return {
    targets,
    isOver: succeeded >= SETTLED * facts.count(window) && theirs <= (1 - SETTLED) * answered,
  };
}

/**
 * While a fault is on, bad hosts get too much because they are not ejected, or others too little because nobody turns
 * to them; afterwards traffic does not come back. At other times requests are spread otherwise than they should be, as
 * they are once nobody turns to bad hosts any more.
 */
function lackingIn(
  { name, fault }: Window,
  value: number,
  { atMost, atLeast }: Limits,
  of: readonly string[],
  { targets, isOver }: Disturbance,
): Extract<Lacking, { readonly hosts?: number }> {
  const faulty = of.filter((each) => targets.includes(each)).length;
  const isTooMuch = value > (atMost ?? 1);
  const isTooLittle = value < (atLeast ?? 0);
  if (name === 'fault' && fault !== undefined) {
    if (faulty > 0 && isTooMuch) return { what: 'avoidance', hosts: faulty };
    if (faulty === 0 && isTooLittle && !isOver) return { what: 'takeover' };
  }
  if (name === 'recovery' && (faulty > 0 ? isTooLittle : isTooMuch)) return { what: 'return' };
  return { what: 'spread' };
}
