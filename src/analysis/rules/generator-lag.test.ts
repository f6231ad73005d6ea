import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';
import { generatorLag } from './generator-lag.ts';

test('late requests', async () => {
  await expectViolated(
    generatorLag,
    outage({
      ejectAfterMs: 500,
      change: (request, index) => (index % 20 === 0 ? { ...request, lagMs: 130 } : request),
    }),
  );
});
