import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Finished, outcome, root, Workspace } from './support/breakwater.ts';

/** What the tests change of a DestinationRule. */
interface Rule {
  spec: {
    host: string;
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: number } };
      outlierDetection: { maxEjectionPercent: number } | undefined;
      loadBalancer: object;
    };
  };
}

/** Runs a scenario with a defect planted in its DestinationRule. */
async function runWith(scenario: string, plant: (rule: Rule) => void): Promise<Finished> {
  using workspace = new Workspace();
  const rule = parse(readFileSync(join(root, 'scenarios/mesh', `${scenario}.yaml`), 'utf8'));
  plant(rule);
  const file = join(workspace.path, 'planted.yaml');
  writeFileSync(file, stringify(rule));
  // Awaited here: the workspace goes when this returns.
  return await workspace.run(`scenarios/${scenario}.yaml`, '--config', file);
}

const failed = (finished: Finished) =>
  finished.report?.checks.filter((check) => check.status === 'fail').map((check) => check.kind);

function expectFail(finished: Finished): void {
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  expect(finished.code).toBe(1);
}

test('maxConnections 100000 no longer sheds: circuit-breaker fails', async () => {
  const finished = await runWith('circuit-breaker', (rule) => {
    rule.spec.trafficPolicy.connectionPool.tcp.maxConnections = 100_000;
  });
  expectFail(finished);
  expect(failed(finished)).toContain('overflow');
});

test.for(['outlier-ejection', 'zone-failover'])('without outlierDetection %s fails', async (scenario) => {
  const finished = await runWith(scenario, (rule) => {
    rule.spec.trafficPolicy.outlierDetection = undefined;
  });
  expectFail(finished);
});

test('maxEjectionPercent 10 of four hosts ejects nobody: outlier-ejection fails', async () => {
  const finished = await runWith('outlier-ejection', (rule) => {
    rule.spec.trafficPolicy.outlierDetection = {
      ...rule.spec.trafficPolicy.outlierDetection,
      maxEjectionPercent: 10,
    };
  });
  expectFail(finished);
  expect(failed(finished)).toContain('time-to-eject');
});

test('maxEjectionPercent 10 leaves the dark zone in rotation: zone-failover fails', async () => {
  const finished = await runWith('zone-failover', (rule) => {
    rule.spec.trafficPolicy.outlierDetection = {
      ...rule.spec.trafficPolicy.outlierDetection,
      maxEjectionPercent: 10,
    };
  });
  expectFail(finished);
});

test('with locality load balancing off zone-failover fails', async () => {
  const finished = await runWith('zone-failover', (rule) => {
    rule.spec.trafficPolicy.loadBalancer = { localityLbSetting: { enabled: false } };
  });
  expectFail(finished);
  expect(failed(finished)).toContain('share');
});

test('a typo in the host is found before anything runs', async () => {
  const finished = await runWith('circuit-breaker', (rule) => {
    rule.spec.host = 'edge-ap';
  });
  expect(finished.code).toBe(2);
  expect(finished.stderr).toMatch(/planted\.yaml:\d+:\d+.*edge-ap/);
  expect(finished.stderr).toContain('edge-app');
  expect(finished.report).toBeUndefined();
});
