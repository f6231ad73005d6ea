import { describe, expect, test } from 'vitest';
import { sampleReport } from './fixture.ts';
import { exceptions, probeOutcomes } from './words.ts';

describe('what became of a probe', () => {
  const {
    probes: [probe] = [],
    checks: [check],
  } = sampleReport();
  if (probe === undefined || check === undefined) throw new Error('the sample has neither probe nor check');
  const missed = { ...probe, name: 'missed', status: 'fail' as const, known: 60, met: 58 };
  const never = { ...missed, name: 'never', met: 0 };
  const unknown = { ...probe, name: 'unknown', status: 'invalid' as const, known: 0, met: 0 };
  const about = (status: 'pass' | 'fail') => [{ ...check, kind: 'expectations', status }];
  const told = (checks: Parameters<typeof probeOutcomes>[0]['checks']) =>
    probeOutcomes({ probes: [probe, unknown, missed, never], checks }).map(
      (outcome) => `${outcome.status} ${outcome.probe.name}: ${outcome.words}`,
    );

  test('one that did not always go as expected is not wrong where the checks allow for it', () => {
    expect(told(about('pass'))).toEqual([
      'fail never: unexpected',
      'invalid unknown: not known',
      `pass ${probe.name}: as expected`,
      'pass missed: not always, and the checks allow it',
    ]);
  });

  test.each([
    ['a check of expectations fails', about('fail')],
    ['no check looks at them', []],
  ])('it is where %s', (_, checks) => {
    expect(told(checks).slice(0, 2)).toEqual(['fail missed: unexpected', 'fail never: unexpected']);
  });

  test('how many are allowed for is told', () => {
    const outcomes = probeOutcomes({ probes: [probe, missed], checks: about('pass') });
    expect(exceptions(outcomes)).toBe(', 1 of them not always, which the checks allow');
    expect(exceptions(outcomes.slice(0, 1))).toBe('');
  });
});
