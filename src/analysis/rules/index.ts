import { isAllBlind } from '../traffic/loads.ts';
import type { Grounds, Judgement, Rule, RuleResult } from './contract.ts';
import { BLIND } from './judgement.ts';

/**
 * Every rule a run must keep to prove anything, in the order reports show them: what explains others comes
 * before them. docs/adding-a-validity-rule.md says how to add one.
 */
const rules: readonly Rule[] = [
  (await import('./load-finished.ts')).loadFinished,
  (await import('./traffic.ts')).traffic,
  (await import('./answered-by-hosts.ts')).answeredByHosts,
  (await import('./steady-state.ts')).steadyState,
  (await import('./fault-effect.ts')).faultEffect,
  (await import('./faults-reverted.ts')).faultsReverted,
  (await import('./changes-made.ts')).changesMade,
  (await import('./guards-could-say.ts')).guardsCouldSay,
  (await import('./on-time.ts')).onTime,
  (await import('./dropped-iterations.ts')).droppedIterations,
  (await import('./generator-cpu.ts')).generatorCpu,
  (await import('./generator-lag.ts')).generatorLag,
  (await import('./gaps.ts')).gaps,
  (await import('./configuration-accepted.ts')).configurationAccepted,
  (await import('./requests-agree.ts')).requestsAgree,
  (await import('./answers-agree.ts')).answersAgree,
  (await import('./latencies-agree.ts')).latenciesAgree,
  (await import('./servers-agree.ts')).serversAgree,
  (await import('./logs-intact.ts')).logsIntact,
  (await import('./known-hosts.ts')).knownHosts,
  (await import('./statistics.ts')).statistics,
  (await import('./spans-arrived.ts')).spansArrived,
];

/** What every rule finds, in their order. */
export function applyRules(grounds: Grounds): RuleResult[] {
  const isBlind = isAllBlind(grounds.loads);
  return rules.map((rule) => {
    const judged: Judgement = rule.ofRequests && isBlind ? BLIND : rule.judge(grounds);
    const { reach = 'everything', ...judgement } = judged;
    return { finding: { rule: rule.name, title: rule.title, ...judgement }, reach };
  });
}
