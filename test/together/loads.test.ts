import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TrialFolder } from '../support/trials.ts';

const scenario = `name: loads
description: Two clients at once, one of them in two zones, the other with two loads.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east, replicas: 2 }] }
    browser:
      workloads:
        - { name: browser-east, locality: region1/zone-east }
        - { name: browser-west, locality: region1/zone-west, replicas: 2 }
    batch: { serviceAccount: nightly, workloads: [{ name: batch, locality: region1/zone-east }] }
load:
  - { name: shopping, from: browser, to: edge-app, rate: 100/s, duration: 4s, warmup: 500ms }
  - { name: batch, from: batch, to: edge-app, path: /batch, closed: { users: 3 }, duration: 3s }
  - { name: reports, from: batch, to: edge-app, rate: 50/s, duration: 4s }
probes:
  - { name: once, from: browser, to: edge-app, path: /once, at: 2s, expect: { status: 200, identity: browser } }
checks:
  - { kind: success-rate, during: run, atLeast: 99% }
  - { name: the probe, kind: expectations, during: run }
  - { name: shopping alone, kind: goodput, load: shopping, during: run, atLeast: 90/s }
  - { name: reports alone, kind: goodput, load: reports, during: run, atLeast: 90/s }
  - { name: batch alone, kind: latency, load: batch, during: run, percentile: 50, atMost: 9s }
`;

test('several loads begin together, and each is judged by its own numbers', async () => {
  using folder = new TrialFolder();
  const planned = await folder.plan(scenario);
  const { topology, trial } = planned.plan;
  const [analysis] = await folder.run(planned, topology, [
    { name: 'both', configuration: planned.configuration, trial },
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
    'k6-probes.browser.1.log',
    'k6-probes.browser.2.log',
    'k6-probes.browser.3.log',
    'k6-reports.log',
    'k6-shopping.1.log',
    'k6-shopping.2.log',
    'k6-shopping.3.log',
  ]);
  const log = (name: string) => readFileSync(join(folder.path, `both/evidence/access/${name}.log`), 'utf8');
  for (const client of ['browser-east-1', 'browser-west-1', 'browser-west-2']) {
    expect(log(client).split('\n').length).toBeGreaterThan(50);
    expect(log(client).replace(/^.*\/once$/m, '')).not.toContain(';');
  }
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

  const checks = Object.fromEntries((analysis?.checks ?? []).map((check) => [check.name, check]));
  // One of three clients has sent it.
  expect(analysis?.probes).toMatchObject([{ sent: 1, status: 'pass' }]);
  expect(checks['the probe']).toMatchObject({ status: 'pass' });
  expect(checks['shopping alone']).toMatchObject({ status: 'pass' });
  expect(checks['reports alone']).toMatchObject({ status: 'fail' });
  expect(checks['reports alone']?.value).toBeLessThan(60);
  // Its window ends with its load.
  expect(checks['batch alone']?.window.toMs).toBeLessThanOrEqual(3_000);
  expect(checks['batch alone']?.samples).toBeLessThan(totals[1].requests);
});
