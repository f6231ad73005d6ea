import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { clusterMs, clusters, missing } from '../support/kind.ts';

/** What goes wrong in a cluster is told apart, with the pod, the reason and the fix. */
describe.skipIf(missing !== '')(`diagnosis on a kept cluster${missing}`, () => {
  const workspace = new Workspace();
  const args = ['scenarios/zone-failover.yaml', '--env', 'kind', '--keep', '--set', 'load.duration=30s'];
  const run = (...more: string[]) => workspace.run(...args, ...more);
  /** On the control-plane node, as its administrator. */
  const kubectl = (command: string[], input = '') => {
    const node = clusters().find((name) => name.endsWith('-control-plane')) ?? '';
    const said = spawnSync(
      'docker',
      ['exec', '--interactive', node, 'kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...command],
      { encoding: 'utf8', input },
    );
    expect(said.status, said.stderr).toBe(0);
    return said.stdout;
  };

  const removePods = ['delete', 'pods', '--all', '--grace-period=0', '--force', '--wait=false'];

  beforeAll(async () => {
    const finished = await run();
    expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
  }, clusterMs);

  afterAll(async () => {
    await workspace.breakwater('cleanup', '--kept');
    workspace[Symbol.dispose]();
    expect(clusters()).toEqual([]);
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
    const webhooks = kubectl(['get', 'mutatingwebhookconfigurations', '-o', 'name']).trim().split('\n');
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

  test('a sidecar that rejected its configuration', { timeout: clusterMs }, async () => {
    const file = join(workspace.path, 'rejected.yaml');
    // Istio passes it on; to Envoy the ring is too large.
    writeFileSync(
      file,
      `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: broken }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { service: edge-app.default.svc.cluster.local } }
      patch:
        operation: MERGE
        value: { lb_policy: RING_HASH, ring_hash_lb_config: { minimum_ring_size: 9000000 } }
`,
    );
    const finished = await run('--config', file);
    expect(finished.code, outcome(finished)).toBe(4);
    expect(finished.stderr).toMatch(/the sidecar of \S+.* rejected its configuration: /);
    expect(finished.stderr).toMatch(/ring/i);
  });
});
