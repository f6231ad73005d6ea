import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { latenciesAgree } from './latencies-agree.ts';

test('a clock that is wrong', async () => {
  await expectViolated(latenciesAgree, { ...healed(), load: { latencyMs: { p50: 300, p95: 900 } } });
});
