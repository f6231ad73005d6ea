import { expect, test } from 'vitest';
import { analysed, expectViolated, outageChecks, violations } from '../testing/analysed.ts';
import { outage, planned } from '../testing/outage.ts';
import { faultEffect } from './fault-effect.ts';

const idle = outage({ shows: 'nothing' });

test('a fault without effect makes the run invalid, whatever the checks on it say', async () => {
  await expectViolated(faultEffect, idle);
  const never = planned({ kind: 'time-to-eject', atMost: '1ms' }, 'outage');
  expect((await analysed(idle, [never])).verdict).toBe('invalid');
});

test('a check that does not rest on the fault fails the run all the same', async () => {
  const steady = planned({ kind: 'share', during: 'steady', of: { zone: 'local/west' }, atLeast: '50%' });
  const other = await analysed(idle, [...outageChecks, steady]);
  expect(other.verdict).toBe('fail');
  expect(violations(other)).toEqual(['fault-effect']);
  expect(other.checks.map(({ status }) => status)).toEqual(['invalid', 'invalid', 'fail']);
  expect(other.summary).toContain('even before the first fault');
  expect(other.summary).toContain('2 checks could not be answered');
});
