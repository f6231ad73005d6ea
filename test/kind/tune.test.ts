import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tuningSchema } from '../../src/report/tuning/model.ts';
import { clusterMs, keptCluster, missing } from '../support/kind.ts';

const scenario = `name: known
description: A service that keeps ten connections at its nominal rate.
topology:
  services:
    edge-app:
      app: { serviceTime: 'constant:400ms' }
      workloads: [{ name: edge-app, locality: region1/zone-east }]
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 25/s, duration: 5s }
checks: [{ kind: success-rate, during: run, atLeast: 90% }]
`;

describe.skipIf(missing !== '')(`tune on kind${missing}`, () => {
  const { workspace } = keptCluster();

  test('a search makes its trials on one cluster, and says before how long it will take', {
    timeout: 2 * clusterMs,
  }, async () => {
    const file = join(workspace.path, 'known.yaml');
    writeFileSync(file, scenario);
    const finished = await workspace.breakwater(
      ...['tune', file, '--slo', 'p90 < 2s, success >= 95%', '--env', 'kind', '--keep'],
      ...['--bounds', 'tcp.maxConnections=5..24', '--budget', '8', '--reports', workspace.reports],
    );
    expect([0, 1, 3], finished.stderr).toContain(finished.code);
    expect(finished.stderr.split('\n').find((line) => line.startsWith('about '))).toMatch(
      /^about 8 trials of \d.* in all; --budget ends it after 8 trials$/,
    );
    const [name = ''] = readdirSync(workspace.reports);
    const folder = join(workspace.reports, name);
    const report = tuningSchema.parse(JSON.parse(readFileSync(join(folder, 'tune.json'), 'utf8')));
    expect(report.run.environment).toBe('kind');
    expect(report.exitCode).toBe(finished.code);
    expect(report.trials.length).toBeLessThanOrEqual(8);
    const told = report.trials.filter(({ verdict }) => verdict === 'holds' || verdict === 'fails');
    expect(told.length, finished.stderr).toBeGreaterThan(0);
    for (const trial of told)
      expect(existsSync(join(folder, 'trials', trial.name, 'report.html'))).toBe(true);
  });
});
