import { test } from 'vitest';
import { client } from '../../evidence/testing/build-evidence.ts';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { statistics } from './statistics.ts';

test('a hole in the statistics', async () => {
  await expectViolated(statistics, {
    ...healed(),
    statistics: (healed().statistics ?? []).filter(({ t }) => t < 5_000 || t > 6_500),
  });
});

test('a client whose statistics nobody read', async () => {
  await expectViolated(statistics, { ...healed(), instances: [...healed().instances, client('frontend-2')] });
});
