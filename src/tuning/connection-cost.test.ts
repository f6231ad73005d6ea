import { expect, test } from 'vitest';
import { costsOf } from './connection-cost.ts';
import type { Ask, Measured, Question } from './contract.ts';
import type { TrialRecord } from './journal.ts';
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
  limits: ['http.maxRequestsPerConnection'],
  bounds: {},
  written: {},
  budget: { ms: 600_000, trials: 100 },
  effort: efforts.usual,
  trialMs: 4_000,
};

function record(
  limits: Ask['limits'],
  opened: number,
  change: Partial<Ask> = {},
  verdict: TrialRecord['verdict'] = 'holds',
): TrialRecord {
  const measured: Measured = {
    holds: verdict === 'holds',
    missed: [],
    offered: 110,
    goodput: 110,
    success: 1,
    refused: 0,
    latencyMs: { p95: 200 + opened },
    serviceMs: 200,
    serviceVariation: 0,
    serverMs: 200,
    cost: { opened, cpuMs: 0.4 },
  };
  const purpose = limits === 'none' ? 'without limits' : 'http.maxRequestsPerConnection';
  return {
    name: 'trial-001',
    ask: { purpose, judged: 'nominal', rate: 110, limits, ...change },
    endedAt: 1,
    tookMs: 1,
    verdict,
    ...(verdict === 'invalid' ? {} : { measured }),
  };
}

test('what connections cost is told by what each of them carries, those that were kept last', () => {
  const one = { 'http.maxRequestsPerConnection': 1 };
  const records = [
    record('none', 0.5),
    record({ 'http.maxRequestsPerConnection': 8 }, 14),
    record(one, 108, {}, 'fails'),
    record(one, 112, { purpose: 'proof' }),
    record(one, 900, { judged: 'overload' }),
    record(one, 900, { purpose: 'tcp.maxConnections' }),
    record(one, 900, {}, 'invalid'),
  ];
  expect(costsOf(question, records)).toEqual([
    { requests: 1, trials: 2, held: 1, opened: 110, latency: { name: 'p95', ms: 310 }, cpuMs: 0.4 },
    { requests: 8, trials: 1, held: 1, opened: 14, latency: { name: 'p95', ms: 214 }, cpuMs: 0.4 },
    { trials: 1, held: 1, opened: 0.5, latency: { name: 'p95', ms: 200.5 }, cpuMs: 0.4 },
  ]);
  expect(costsOf({ ...question, limits: ['tcp.maxConnections'] }, records)).toEqual([]);
});
