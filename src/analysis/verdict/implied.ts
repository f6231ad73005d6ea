import type { RunFacts } from '../../checks/facts.ts';
import { checkSchema } from '../../checks/index.ts';
import type { TrialPlan } from '../../plan/contract.ts';
import { STEADY_FAILURES } from '../rules/steady-state.ts';
import { type JudgedCheck, judgeCheck } from './judge.ts';

/**
 * What every scenario expects without saying so: with the configuration under test the mesh still works. A lab has
 * had an answer before that came, so a steady state in which most requests fail is its doing. Told only when it does
 * not hold.
 */
export function impliedChecks({ configuration }: TrialPlan, facts: RunFacts): readonly JudgedCheck[] {
  if (configuration.length === 0) return [];
  const check = checkSchema.parse({
    kind: 'error-rate',
    during: 'steady',
    atMost: `${STEADY_FAILURES * 100}%`,
  });
  const name = 'the mesh works under this configuration before anything is broken';
  const works = judgeCheck({ name, check, fault: undefined }, facts);
  return works.result.status === 'fail' ? [{ ...works, implied: true }] : [];
}
