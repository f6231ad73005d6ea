import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';

/** Every kind of fault that the local lab makes, one after the other, on instances that keep their traffic. */
const scenario = `
name: every-fault
description: Every fault takes hold at its target and is taken back.
topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    edge-app:
      workloads:
        - { name: edge-app-east, locality: region1/zone-east, replicas: 2 }
        - { name: edge-app-west, locality: region1/zone-west }
load: { from: frontend, to: edge-app, rate: 80/s, duration: 51s, maxLatency: 3s, timeout: 2s }
faults:
  - { kind: latency, on: { workload: edge-app-east, replica: 1 }, delay: 200ms, jitter: 50ms, at: 3s, for: 2s }
  - { kind: error, on: { workload: edge-app-east, replica: 2 }, status: 500, rate: 50%, at: 7s, for: 2s }
  - { kind: hang, on: { workload: edge-app-west }, rate: 50%, at: 11s, for: 3s }
  - { kind: reset, on: { workload: edge-app-east, replica: 1 }, rate: 50%, at: 17s, for: 2s }
  - { kind: refuse, on: { workload: edge-app-east, replica: 2 }, at: 21s, for: 2s }
  - { kind: pause, on: { workload: edge-app-west }, at: 25s, for: 1s }
  - { kind: kill, on: { workload: edge-app-east, replica: 1 }, at: 29s, for: 2s }
  - { kind: zone-outage, on: { zone: region1/zone-west }, at: 34s, for: 2s }
  - { kind: control-plane-outage, at: 39s, for: 4s }
  - { kind: sidecar-killed, on: { workload: edge-app-east, replica: 2 }, at: 46s, for: 2s }
checks:
  - { kind: success-rate, during: steady, atLeast: 50% }
`;

test('every kind of fault is proven at its target and taken back', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'every-fault.yaml');
  writeFileSync(file, scenario);
  const finished = await workspace.run(file);
  const proofs = finished.report?.faults.map(
    ({ name, efficacy }) => `${name} ${efficacy.status}: ${efficacy.observed}`,
  );
  expect(
    finished.report?.faults.map(({ name, efficacy }) => `${name} ${efficacy.status}`),
    `${proofs?.join('\n')}\n${outcome(finished)}`,
  ).toEqual([
    'latency proven',
    'error proven',
    'hang proven',
    'reset proven',
    'refuse proven',
    'pause proven',
    'kill proven',
    'zone-outage proven',
    'control-plane-outage proven',
    'sidecar-killed proven',
  ]);
  expect(finished.report?.validity.find(({ rule }) => rule === 'faults-reverted')?.status).toBe('ok');
  // After the last fault the mesh is whole again.
  const last = finished.report?.series.outcomes;
  expect(last?.['ok']?.slice(-2).every((count) => count > 0)).toBe(true);
});
