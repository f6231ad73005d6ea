import { expect, test } from 'vitest';
import { analysed, outageChecks, violations } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';

test('a kill is proven by silence, with retries or without', async () => {
  const silent = await analysed(outage({ ejectAfterMs: 500, shows: 'silent' }), outageChecks, 'kill');
  expect(violations(silent)).toEqual([]);
  expect(silent.faults[0]?.efficacy).toMatchObject({ status: 'proven' });
  expect(silent.errors[0]).toMatchObject({ flag: 'UF,URX', host: 'edge-app-east-1' });
  const moved = await analysed(outage({ ejectAfterMs: 0, shows: 'silent' }), outageChecks, 'kill');
  expect(moved.faults[0]?.efficacy.status).toBe('proven');
});

test('a kill is not proven when the process goes on', async () => {
  const run = outage({ ejectAfterMs: 0, shows: 'silent' });
  const alive = Array.from({ length: 60 }, (_, index) => ({
    t: index * 200,
    name: 'edge-app-east-1/app',
    pid: 9,
    cpuMs: index,
    rssBytes: 1,
  }));
  const analysis = await analysed(
    { ...run, processes: [...(run.processes ?? []), ...alive] },
    outageChecks,
    'kill',
  );
  expect(analysis.faults[0]?.efficacy.status).toBe('unproven');
  expect(analysis.verdict).toBe('invalid');
});
