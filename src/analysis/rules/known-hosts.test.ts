import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';
import { knownHosts } from './known-hosts.ts';

test('unknown hosts', async () => {
  await expectViolated(
    knownHosts,
    outage({
      ejectAfterMs: 500,
      change: (request, index) =>
        index % 100 === 0 ? { ...request, attempts: [{ host: '10.9.9.9:80', status: 200, ms: 1 }] } : request,
    }),
  );
});
