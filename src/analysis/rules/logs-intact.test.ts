import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { logsIntact } from './logs-intact.ts';

test('damaged logs', async () => {
  await expectViolated(logsIntact, { ...healed(), tails: { 'frontend-1': 'bw1 what is this\n'.repeat(20) } });
});
