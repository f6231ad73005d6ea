import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { loadFinished } from './load-finished.ts';

test('k6 crashed', async () => {
  await expectViolated(loadFinished, { ...healed(), load: { exitCode: 107 } });
});
