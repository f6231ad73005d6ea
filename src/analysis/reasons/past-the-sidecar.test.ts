import { expect, test } from 'vitest';
import { buildEvidence, client, server } from '../../evidence/testing/build-evidence.ts';
import { recording } from '../../meshes/istio/effective/testing/recordings.ts';
import { istio } from '../../meshes/istio/index.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { analyse } from '../analyse.ts';

/** The errors of a load to a shop whose app calls edge-app past its sidecar and answers 502, on sidecars as recorded. */
async function errorsOf(recorded: string, bypass = [8080]) {
  const { answers, resources } = recording(recorded);
  const plan = planScenario(
    loadedScenario({
      name: 'past',
      description: 'A shop asks edge-app, past its sidecar.',
      topology: {
        services: {
          frontend: { workloads: [{ name: 'frontend', locality: 'local/east' }] },
          shop: {
            bypass,
            app: { calls: [{ to: 'edge-app' }] },
            workloads: [{ name: 'shop', locality: 'local/east' }],
          },
          'edge-app': { workloads: [{ name: 'edge-app-east', locality: 'local/east' }] },
        },
      },
      load: { from: 'frontend', to: 'shop', rate: '100/s', duration: '4s', warmup: '500ms' },
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    }),
  );
  await using evidence = await buildEvidence({
    instances: [
      client(),
      server('shop', 1, 'local/east', '127.1.0.1:8080', 'shop'),
      server('edge-app-east', 1, 'local/east', '127.1.0.2:8080', 'edge-app'),
    ],
    requests: Array.from({ length: 400 }, (_, index) => ({
      dueMs: index * 10,
      status: 502,
      ms: 3,
      cluster: 'outbound|8080||shop.default.svc.cluster.local',
      attempts: [{ host: 'shop-1', status: 502, ms: 2 }],
    })),
    loadMs: 4_000,
    processes: [0, 2_000, 4_000].map((t) => ({ t, name: 'k6', pid: 7, cpuMs: t / 10, rssBytes: 1e8 })),
    effective: { 'edge-app-east-1': answers['edge-app-east-1'] ?? [] },
    journal: [],
  });
  const { trial, topology } = plan;
  const analysis = await analyse({ trial, topology, directory: evidence.directory, mesh: istio, resources });
  expect(analysis.checks[0]?.status).toBe('fail');
  return { errors: analysis.errors, reason: analysis.checks[0]?.reason };
}

test('requests that went past the sidecar of an app, and were refused for that, name what let them', async () => {
  const { errors, reason } = await errorsOf('plaintext-to-strict');
  expect(errors).toHaveLength(1);
  expect(errors[0]?.cause).toBe(
    'The app of shop failed. Requests of shop to edge-app went past the sidecar of shop, so that they came in plaintext, and the sidecar of edge-app takes mTLS only.',
  );
  expect(errors[0]).toMatchObject({
    setting: 'topology.services.shop.bypass: [8080]',
    source: expect.stringMatching(/^example\.yaml/),
    others: [{ setting: 'mtls.mode: mTLS only (the scenario)' }],
  });
  expect(reason).toMatchObject({ text: errors[0]?.cause, setting: errors[0]?.setting });
});

test('where plaintext is taken, or another port goes past, that is not the reason', async () => {
  for (const { errors } of [
    await errorsOf('plaintext-to-permissive'),
    await errorsOf('plaintext-to-strict', [9090]),
  ]) {
    expect(errors[0]?.setting).not.toContain('bypass');
    expect(errors[0]?.cause).not.toContain('past');
  }
});
