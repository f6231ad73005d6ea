import { expect, test } from 'vitest';
import type { Ask, Measured } from './contract.ts';
import { parseObjective } from './objective.ts';
import { disturbanceIn, trialMs } from './trial.ts';

const measured: Measured = {
  holds: false,
  missed: ['success 90 %, at least 99.9 %'],
  offered: 110,
  goodput: 99,
  success: 0.9,
  refused: 0.1,
  latencyMs: { p95: 204 },
  serviceMs: 204,
  serviceVariation: 0,
  serverMs: 203,
};
const ask: Ask = {
  purpose: 'proof',
  judged: 'nominal',
  rate: 110,
  limits: { 'tcp.maxConnections': 20 },
};

test('limits make no server slower, so a miss on slow servers is no finding', () => {
  const unlimited = { ...measured, holds: true, missed: [] };
  const slow = { ...measured, serverMs: 260 };
  expect(disturbanceIn(measured, ask, unlimited)).toBeUndefined();
  expect(disturbanceIn(slow, ask, unlimited)).toBe('servers took 260 ms instead of 203 ms without limits');
  // What held did so on slow servers too; at another rate they may well be slower.
  expect(disturbanceIn({ ...slow, holds: true }, ask, unlimited)).toBeUndefined();
  expect(disturbanceIn({ ...slow, offered: 200 }, ask, unlimited)).toBeUndefined();
  expect(disturbanceIn(slow, { ...ask, limits: 'none' }, unlimited)).toBeUndefined();
});

test('a trial lasts until its percentiles mean something', () => {
  const of = (slo: string, rate: number) => trialMs(parseObjective(slo), rate);
  expect(of('p95 < 1s, success >= 99%', 100)).toBe(3_500);
  expect(of('p99 < 1s, success >= 99%', 100)).toBeGreaterThan(6_000);
  // Of fewer requests than 100 nothing is believed.
  expect(of('p90 < 1s, success >= 99%', 20)).toBeGreaterThan(5_000);
  expect(trialMs(parseObjective('p95 < 1s, success >= 99%'), 100, 14_000)).toBe(14_000);
});
