import type { Filter, Rule, Sidecar } from '../../model/effective.ts';
import { matchText, resourceText, ruleText } from '../words.ts';
import { known } from './parts.ts';
import type { AskedFor, NamedSetting, Reason } from './question.ts';
import { matchesRequest } from './taken.ts';

/** Which rule decides about a request, and those before it that came near to deciding otherwise. */
interface Decision {
  readonly rule: Rule;
  /** Their path fits, and something else does not. */
  readonly near: readonly Rule[];
}

/** Who asks. */
export type Caller = Pick<Sidecar, 'service' | 'network'>;

/** The rule of filters that decides about a request of a caller; undefined where none does, or it cannot be told. */
export function decisionOn(
  filters: readonly Filter[],
  caller: Caller,
  request: AskedFor,
): Decision | undefined {
  const rules = rulesAbout(caller, filters);
  const fits = ({ match }: Rule) => (match === undefined ? 'yes' : matchesRequest(match, request));
  const rule = rules.find((each) => fits(each) !== 'no');
  if (rule === undefined || fits(rule) === 'perhaps') return undefined;
  const pathFits = ({ match }: Rule) =>
    match !== undefined && matchesRequest({ path: match.path, headers: [], query: [] }, request) === 'yes';
  const before = rules.slice(0, rules.indexOf(rule));
  return { rule, near: before.filter((each) => each.does !== rule.does && pathFits(each)) };
}

/** What a decision made of a request to a service, with the rules that are behind it. */
export function reasonOfDecision(
  { rule, near }: Decision,
  { service: caller }: Caller,
  service: string,
): Reason {
  const { does, match, from, network } = rule;
  const who = from.by === 'setting' ? resourceText(from.resource) : 'A policy';
  const verb = does === 'deny' ? 'refuses' : 'lets through';
  const first =
    match !== undefined
      ? `${matchText(match)} is the first that fits it of what is said of ${caller}`
      : rule.rest
        ? `nothing that is said of ${caller} fits it`
        : `that is said of all that ${rule.caller ?? 'anybody who is not named'}${network === undefined ? '' : ` in ${network}`} asks`;
  const missed = near.map((each) => ` ${ruleText(each)} fits but for more than the path.`).join('');
  return known(`${who} ${verb} this request to ${service}: ${first}.${missed}`, [
    settingOfRule(rule),
    ...near.map(settingOfRule),
  ]);
}

/** What refuses callers of that name in other networks than the caller's. */
export const refusedElsewhere = (filters: readonly Filter[], { service, network }: Caller): readonly Rule[] =>
  rulesIn(filters).filter(
    (rule) =>
      rule.does === 'deny' &&
      rule.network !== network &&
      (rule.caller === undefined || rule.caller === service),
  );

const rulesIn = (filters: readonly Filter[]): readonly Rule[] =>
  filters.flatMap((filter) =>
    filter.kind === 'authorization' && !filter.dryRun ? (filter.rules ?? []) : [],
  );

/** What is said of a caller, in its order. */
export const rulesAbout = ({ service, network }: Caller, filters: readonly Filter[]): readonly Rule[] =>
  rulesIn(filters).filter(
    (rule) =>
      (rule.caller === undefined || rule.caller === service) &&
      (rule.network === undefined || rule.network === network),
  );

export const settingOfRule = (rule: Rule): NamedSetting => ({
  name: 'rule',
  value: ruleText(rule),
  from: rule.from,
});
