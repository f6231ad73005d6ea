import { beforeAll, describe, expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { rejectedByEnvoy } from '../support/defects.ts';
import { clusterMs, keptCluster, kubectl, missing } from '../support/kind.ts';

/** What goes wrong in a cluster is told apart, with the pod, the reason and the fix. */
describe.skipIf(missing !== '')(`diagnosis on a kept cluster${missing}`, () => {
  const kept = keptCluster();
  const run = (...args: string[]) => kept.run('zone-failover', '--set', 'load.duration=30s', ...args);
  const removePods = ['delete', 'pods', '--all', '--grace-period=0', '--force', '--wait=false'];

  beforeAll(async () => {
    const finished = await run();
    expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
  }, clusterMs);

  test('an image that cannot be pulled', { timeout: clusterMs }, async () => {
    const variable = 'BREAKWATER_KIND_K6_IMAGE';
    const before = process.env[variable];
    process.env[variable] = 'registry.invalid/k6:0';
    try {
      const finished = await run();
      expect(finished.code, outcome(finished)).toBe(4);
      expect(finished.stderr).toMatch(/frontend-\S+\/k6: its image registry\.invalid\/k6:0 cannot be pulled/);
      expect(finished.stderr).toContain(variable);
    } finally {
      process.env[variable] = before;
    }
  });

  test('a pod without its sidecar', { timeout: clusterMs }, async () => {
    const webhooks = kubectl(['get', 'mutatingwebhookconfigurations', '-o', 'name']).split('\n');
    const saved = JSON.parse(kubectl(['get', ...webhooks, '-o', 'json']));
    // What the cluster has given them it refuses when they are made again.
    for (const { metadata } of saved.items)
      for (const given of ['resourceVersion', 'uid']) delete metadata[given];
    for (const webhook of webhooks) kubectl(['delete', webhook]);
    try {
      kubectl(removePods);
      const finished = await run();
      expect(finished.code, outcome(finished)).toBe(4);
      expect(finished.stderr).toMatch(/the pod \S+ has no sidecar/);
      expect(finished.stderr).toContain('mutatingwebhookconfigurations');
    } finally {
      kubectl(['create', '-f', '-'], JSON.stringify(saved));
      kubectl(removePods);
    }
  });

  test('mesh configuration on a kept cluster that no run has applied', { timeout: clusterMs }, async () => {
    const rule = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'of-somebody', namespace: 'default' },
      spec: { host: 'edge-app', trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1 } } },
    };
    kubectl(['create', '-f', '-'], JSON.stringify(rule));
    try {
      const finished = await run();
      expect(finished.code, outcome(finished)).toBe(4);
      expect(finished.stderr).toContain('no run has applied: DestinationRule/default/of-somebody');
      expect(finished.stderr).toContain('--config');
    } finally {
      kubectl(['delete', 'destinationrule', 'of-somebody', '--namespace', 'default']);
    }
  });

  test('a sidecar that rejected its configuration', { timeout: clusterMs }, async () => {
    const file = rejectedByEnvoy(kept.workspace);
    const finished = await run('--config', file);
    expect(finished.code, outcome(finished)).toBe(2);
    expect(finished.stderr).toMatch(
      /rejected\.yaml:6: EnvoyFilter\/broken spec\.configPatches\[0\]: the sidecar of \S+.* rejected its configuration: /,
    );
    expect(finished.stderr).toMatch(/ring/i);
  });
});
