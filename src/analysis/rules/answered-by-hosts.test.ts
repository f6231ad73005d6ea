import { expect, test } from 'vitest';
import { analysed, violations } from '../testing/analysed.ts';
import { healed, outage } from '../testing/outage.ts';
import { answeredByHosts } from './answered-by-hosts.ts';

test('a sidecar that answers everything itself', async () => {
  const analysis = await analysed(
    outage({
      change: (request) => ({ ...request, status: 200, details: 'lua_response', attempts: [] }),
    }),
  );
  // Nobody is left to show the fault either; what explains that comes first.
  expect(violations(analysis)).toEqual([answeredByHosts.name, 'fault-effect']);
  expect(analysis.verdict).toBe('invalid');
  expect(analysis.summary).toContain('"Successes came from hosts" does not hold: 0 of 2,400 successes');
});

test('one that answers a part of it', async () => {
  const run = healed();
  const requests = run.requests.map((request, index) =>
    index % 2 === 0 ? request : { ...request, status: 200, details: 'direct_response', attempts: [] },
  );
  expect(violations(await analysed({ ...run, requests }))).not.toContain(answeredByHosts.name);
});
