import { ExitCode } from '../../kit/errors.ts';
import type { Status } from '../model.ts';
import type { Suite, SuiteScenario } from './model.ts';

/** What came of a scenario. */
export type Outcome = Status | 'error' | 'not-run';

export function outcomeOf(scenario: SuiteScenario): Outcome {
  return scenario.ended === 'reported' ? scenario.report.verdict : scenario.ended;
}

/** A part of the suite's own account: what is told of it follows from what came of its scenarios. */
export type Conclusion = Pick<Suite, 'verdict' | 'exitCode' | 'interrupted' | 'summary'>;

/** What scenarios come to together. A finding stands, whatever else has happened. */
export function conclude(scenarios: readonly SuiteScenario[], interrupted: boolean): Conclusion {
  const outcomes = scenarios.map(outcomeOf);
  const verdict = outcomes.includes('fail')
    ? 'fail'
    : outcomes.includes('error')
      ? 'error'
      : outcomes.every((outcome) => outcome === 'pass') && outcomes.length > 0
        ? 'pass'
        : 'invalid';
  return {
    verdict,
    exitCode: interrupted ? ExitCode.interrupted : exitCodeOf(verdict, scenarios),
    interrupted,
    summary: summaryOf(outcomes),
  };
}

function exitCodeOf(verdict: Suite['verdict'], scenarios: readonly SuiteScenario[]): ExitCode {
  if (verdict !== 'error') return ExitCode[verdict];
  // A mistake is there the next time, too; what the environment did may not be.
  const mistaken = scenarios.some((each) => each.ended === 'error' && each.error.exitCode === ExitCode.usage);
  return mistaken ? ExitCode.usage : ExitCode.environment;
}

const counted: Readonly<Record<Exclude<Outcome, 'pass'>, (count: number) => string>> = {
  fail: (count) => `${count} failed`,
  error: (count) => `${count} could not be run`,
  invalid: (count) => (count === 1 ? '1 proves nothing' : `${count} prove nothing`),
  'not-run': (count) => (count === 1 ? '1 was not run' : `${count} were not run`),
};

/** "6 of 8 scenarios passed; 1 failed, 1 proves nothing." */
function summaryOf(outcomes: readonly Outcome[]): string {
  const of = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const passed = of('pass');
  const total = outcomes.length;
  const others = (Object.keys(counted) as (keyof typeof counted)[])
    .filter((outcome) => of(outcome) > 0)
    .map((outcome) => counted[outcome](of(outcome)));
  if (others.length === 0) return total === 1 ? 'The scenario passed.' : `All ${total} scenarios passed.`;
  const scenarios = total === 1 ? 'scenario' : 'scenarios';
  return `${passed} of ${total} ${scenarios} passed; ${others.join(', ')}.`;
}
