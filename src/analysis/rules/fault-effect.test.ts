import { expect, test } from 'vitest';
import { analysed, expectViolated, outageChecks } from '../testing/analysed.ts';
import { outage, planned } from '../testing/outage.ts';
import { faultEffect } from './fault-effect.ts';

test('a fault without effect makes the run invalid, whatever its checks say', async () => {
  const idle = outage({ shows: 'nothing' });
  await expectViolated(faultEffect, idle);
  const steady = planned({ kind: 'share', during: 'steady', of: { zone: 'local/west' }, atLeast: '50%' });
  const other = await analysed(idle, [...outageChecks, steady]);
  expect(other.verdict).toBe('invalid');
});
