import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { faultsReverted } from './faults-reverted.ts';

test('a fault stayed', async () => {
  await expectViolated(faultsReverted, { ...healed(), journal: healed().journal?.slice(0, -1) ?? [] });
});
