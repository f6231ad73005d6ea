import type { Filter, Rule } from '../../model/effective.ts';
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

/** The rule of filters that decides about a request of a caller; undefined where none does, or it cannot be told. */
export function decisionOn(
  filters: readonly Filter[],
  caller: string,
  request: AskedFor,
): Decision | undefined {
  const rules = filters
    .flatMap((filter) => (filter.kind === 'authorization' && !filter.dryRun ? (filter.rules ?? []) : []))
    .filter((rule) => rule.caller === undefined || rule.caller === caller);
  const fits = ({ match }: Rule) => (match === undefined ? 'yes' : matchesRequest(match, request));
  const rule = rules.find((each) => fits(each) !== 'no');
  if (rule === undefined || fits(rule) === 'perhaps') return undefined;
  const pathFits = ({ match }: Rule) =>
    match !== undefined && matchesRequest({ path: match.path, headers: [], query: [] }, request) === 'yes';
  const before = rules.slice(0, rules.indexOf(rule));
  return { rule, near: before.filter((each) => each.does !== rule.does && pathFits(each)) };
}

/** What a decision made of a request to a service, with the rules that are behind it. */
export function reasonOfDecision({ rule, near }: Decision, caller: string, service: string): Reason {
  const { does, match, from } = rule;
  const who = from.by === 'setting' ? resourceText(from.resource) : 'A policy';
  const verb = does === 'deny' ? 'refuses' : 'lets through';
  const first =
    match !== undefined
      ? `${matchText(match)} is the first that fits it of what is said of ${caller}`
      : rule.rest
        ? `nothing that is said of ${caller} fits it`
        : `that is said of all that ${rule.caller ?? 'anybody who is not named'} asks`;
  const missed = near.map((each) => ` ${ruleText(each)} fits but for more than the path.`).join('');
  return known(`${who} ${verb} this request to ${service}: ${first}.${missed}`, [
    settingOf(rule),
    ...near.map(settingOf),
  ]);
}

const settingOf = (rule: Rule): NamedSetting => ({ name: 'rule', value: ruleText(rule), from: rule.from });
