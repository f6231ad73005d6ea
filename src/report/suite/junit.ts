import { type TestSuite, testSuite, writeJunit } from '../junit.ts';
import type { Suite, SuiteScenario } from './model.ts';

/** junit.xml of a suite: a suite a scenario, as the run's own junit.xml has it. */
export function suiteJunit({ scenarios }: Suite): string {
  return writeJunit(scenarios.map(suiteOf));
}

function suiteOf(scenario: SuiteScenario): TestSuite {
  if (scenario.ended === 'reported') return { ...testSuite(scenario.report), name: scenario.name };
  const { name, file } = scenario;
  const about = { name: 'run', group: 'run', seconds: 0 };
  if (scenario.ended === 'not-run') {
    const cases = [{ ...about, skipped: scenario.why }];
    return { name, wallMs: 0, properties: { file }, cases, output: `not run: ${scenario.why}` };
  }
  const { message, hint } = scenario.error;
  const text = hint === undefined ? message : `${message}\n${hint}`;
  const cases = [{ ...about, problem: { element: 'error', message, text } }] as const;
  return { name, wallMs: scenario.wallMs, properties: { file }, cases, output: text };
}
