import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlannedLoad } from '../../src/load/planned.ts';
import type { Instance, TopologyPlan } from '../../src/model/topology.ts';
import { TrialFolder } from '../support/trials.ts';

const scenario = `name: loads
description: Two clients at once, one of them with two loads.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east, replicas: 2 }] }
    browser: { workloads: [{ name: browser, locality: region1/zone-east }] }
    batch: { workloads: [{ name: batch, locality: region1/zone-east }] }
load: { from: browser, to: edge-app, rate: 100/s, duration: 4s, warmup: 500ms, pods: 2 }
checks:
  - { kind: success-rate, during: run, atLeast: 99% }
`;

/** The topology with batch as a client too, which a scenario cannot say yet. */
function withBatch(topology: TopologyPlan): TopologyPlan {
  const asClient = ({ app: _, ...instance }: Instance): Instance => ({ ...instance, role: 'client' });
  return {
    ...topology,
    services: topology.services.map((service) =>
      service.name === 'batch' ? { ...service, role: 'client' } : service,
    ),
    instances: topology.instances.map((instance) =>
      instance.service === 'batch' ? asClient(instance) : instance,
    ),
  };
}

test('several loads begin together, and each is judged by its own numbers', async () => {
  using folder = new TrialFolder();
  const planned = await folder.plan(scenario);
  const { topology, trial } = planned.plan;
  const [first] = trial.loads;
  if (!first) throw new Error('the plan has no load');
  const batch: PlannedLoad = {
    ...first,
    name: 'batch',
    from: 'batch',
    request: { ...first.request, path: '/batch' },
    shape: { kind: 'closed', users: 3 },
    durationMs: 3_000,
    peakRate: undefined,
    users: 3,
  };
  const reports: PlannedLoad = {
    ...first,
    name: 'reports',
    from: 'batch',
    shape: { kind: 'rate', rate: 50 },
  };
  const loads = [{ ...first, name: 'shopping' }, batch, reports];
  const [analysis] = await folder.run(planned, withBatch(topology), [
    { name: 'both', configuration: planned.configuration, trial: { ...trial, loads } },
  ]);
  const totals = JSON.parse(readFileSync(join(folder.path, 'both/evidence/loads.json'), 'utf8'));
  expect(totals).toMatchObject([
    { name: 'shopping', from: 'browser', loop: 'open', exitCode: 0 },
    { name: 'batch', from: 'batch', loop: 'closed', exitCode: 0 },
    { name: 'reports', from: 'batch', loop: 'open', exitCode: 0 },
  ]);
  const starts: number[] = totals.map(({ startedAt }: { startedAt: number }) => startedAt);
  expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(1_000);
  expect(readdirSync(join(folder.path, 'both/logs')).sort()).toEqual([
    'k6-batch.log',
    'k6-reports.log',
    'k6-shopping-1.log',
    'k6-shopping-2.log',
  ]);
  const log = (name: string) => readFileSync(join(folder.path, `both/evidence/access/${name}.log`), 'utf8');
  expect(log('browser-1')).not.toContain(';');
  const lines = log('batch-1').trimEnd().split('\n');
  expect(lines.filter((line) => / ;1 .*\/batch$/.test(line))).toHaveLength(totals[1].requests);
  expect(lines.filter((line) => / \d{13}\S*;2 .*\/$/.test(line))).toHaveLength(totals[2].requests);

  expect(analysis?.traffic.requests).toBe(totals[0].requests + totals[1].requests + totals[2].requests);
  const finding = (rule: string) => analysis?.validity.find((each) => each.rule === rule);
  expect(finding('requests-agree')).toMatchObject({
    status: 'ok',
    observed: expect.stringMatching(
      /^shopping: 4.. sent, 4.. in the logs; batch: [\d,]+ sent.*; reports: 2.. sent, 2.. in the logs$/,
    ),
  });
  expect(finding('answers-agree')?.observed).toBe(
    'shopping: they agree; batch: they agree; reports: they agree',
  );
  expect(finding('generator-lag')?.observed).toMatch(
    /^shopping: p99 .*; batch: requests do not say .*; reports: p99 /,
  );
  expect(analysis?.notes.filter((note) => note.startsWith('batch: '))).toHaveLength(2);
  expect(analysis?.notes.filter((note) => note.startsWith('shopping: '))).toEqual([]);
});
