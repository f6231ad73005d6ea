import { expect, test } from 'vitest';
import { analysed, outageChecks } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';

test('an outage of the control plane is proven by what sidecars say of their connection', async () => {
  const calm = outage({ shows: 'nothing' });
  const told = (controlPlane: (t: number) => { streams: number; updates: number }) => ({
    ...calm,
    statistics: (calm.statistics ?? []).map((sample) => ({
      ...sample,
      controlPlane: controlPlane(sample.t),
    })),
  });
  const lost = told((t) => ({ streams: t < 4_500 ? 1 : 3, updates: t < 9_000 ? 2 : 4 }));
  const gone = await analysed(lost, outageChecks, 'control-plane-outage');
  expect(gone.faults[0]?.efficacy.status).toBe('proven');
  const there = await analysed(calm, outageChecks, 'control-plane-outage');
  expect(there.faults[0]?.efficacy.status).toBe('unproven');
  expect(there.verdict).toBe('invalid');
  const back = told((t) => ({ streams: t < 4_500 ? 1 : 3, updates: t < 6_000 ? 2 : 4 }));
  const early = await analysed(back, outageChecks, 'control-plane-outage');
  expect(early.faults[0]?.efficacy.status).toBe('unproven');
});
