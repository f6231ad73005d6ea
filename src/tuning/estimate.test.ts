import { expect, test } from 'vitest';
import type { Question } from './contract.ts';
import { estimate } from './estimate.ts';
import { parseObjective } from './objective.ts';
import { efforts } from './question.ts';

const question: Question = {
  objective: parseObjective('p95 < 300ms, success >= 99.9%'),
  rate: 100,
  overload: 2,
  headroom: 0.1,
  clients: 1,
  servers: 1,
  limitsAtServers: true,
  limits: ['tcp.maxConnections', 'http.http1MaxPendingRequests'],
  bounds: {},
  written: {},
  budget: { ms: 3_600_000, trials: 1_000 },
  effort: efforts.usual,
  trialMs: 3_500,
};

test('a search where trials are slow makes fewer, and takes longer all the same', () => {
  const quick = estimate(question, [], { up: 3_000, besideLoad: 1_500 });
  const slow = estimate({ ...question, effort: efforts.few }, [], { up: 90_000, besideLoad: 8_000 });
  expect(slow.trials).toBeLessThan(quick.trials);
  expect(slow.ms).toBeGreaterThan(quick.ms);
  expect(quick.ms).toBeGreaterThan(quick.trials * 3_500);
});

test('no more is said than may be used up', () => {
  const budget = { ms: 60_000, trials: 12 };
  expect(estimate({ ...question, budget }, [], { up: 3_000, besideLoad: 1_500 })).toEqual({
    trials: 12,
    ms: 60_000,
  });
});
