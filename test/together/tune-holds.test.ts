import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawn } from '../../bench/draws.ts';
import { planExperiment } from '../../src/experiment/planned.ts';
import type { PoolLimits } from '../../src/model/pool-limits.ts';
import { readQuestion } from '../../src/tuning/question.ts';
import { searchLimits } from '../../src/tuning/strategy.ts';
import { runSimulated, simulateTrial } from '../../src/tuning/testing/simulated-service.ts';
import { outcome, Workspace } from '../support/breakwater.ts';

/** Twenty requests are under way at the nominal rate; forty when the service becomes half as fast. */
const scenario = `name: held
description: A service that keeps twenty connections at its nominal rate, and becomes slow.
topology:
  services:
    edge-app:
      app: { serviceTime: 'constant:400ms' }
      workloads: [{ name: edge-app, locality: region1/zone-east }]
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 50/s, duration: 14s, maxLatency: 5s }
faults: [{ kind: latency, on: { service: edge-app }, delay: 400ms, at: 7s, for: 5s }]
checks:
  - { kind: success-rate, during: steady, atLeast: 95% }
  - { kind: overflow, during: fault, atLeast: 20 }
  - { name: the excess is refused at once, kind: latency, during: fault, of: shed, percentile: 90, atMost: 400ms }
  - { name: who is let in is answered in time, kind: latency, during: fault, of: successful, percentile: 90, atMost: 2s }
  - { kind: goodput, during: fault, after: 1s, atLeast: 18/s }
`;
const slo = 'p90 < 1s, success >= 99%';

test('what a search finds holds at the nominal load and under overload; a tenth less than is needed does not', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'held.yaml');
  const rule = join(workspace.path, 'rule.yaml');
  writeFileSync(file, scenario);
  const planned = await planExperiment(file, { set: [], config: [] });
  const { question } = readQuestion(planned, { slo, bounds: [], overload: '2', headroom: '10%' }, 0);
  const draw = drawn(1);
  const { result } = runSimulated(searchLimits(question), (ask) =>
    simulateTrial({ clients: 1, servers: 64, serviceMs: () => 400 }, ask, question, () => draw.between(0, 1)),
  );
  expect(result.ended).toBe('found');
  const found: PoolLimits = result.limits ?? {};
  const run = (limits: PoolLimits) => {
    writeFileSync(
      rule,
      planned.mesh.pools.newRule({ from: 'frontend', to: 'edge-app', namespace: 'default' }, limits).text,
    );
    return workspace.run(file, '--config', rule);
  };

  const held = await run(found);
  expect(held.code, outcome(held)).toBe(0);

  const needed = (question.rate * 400) / 1_000;
  const less = await run({ ...found, 'tcp.maxConnections': Math.floor(0.9 * needed) });
  expect(less.code, outcome(less)).toBe(1);
  const failed = less.report?.checks.filter(({ status }) => status === 'fail') ?? [];
  expect(failed.map(({ kind }) => kind)).toContain('success-rate');
});
