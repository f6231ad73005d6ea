import { expect, test } from 'vitest';
import { type EnvironmentName, environmentCapabilities } from '../environments/index.ts';
import { formatProblem } from '../kit/problems.ts';
import { istio } from '../meshes/istio/index.ts';
import type { Action } from '../model/fault.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { unfitFor } from './environments.ts';
import { planScenario } from './plan.ts';

const loaded = loadedScenario({
  name: 'example',
  description: 'Faults that not every environment can make.',
  topology: {
    services: {
      shop: { workloads: [{ name: 'shop', locality: 'region1/east' }] },
      client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
    },
  },
  load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s' },
  faults: [
    { kind: 'kill', on: { service: 'shop' }, at: '3s', for: '5s' },
    { name: 'dark', kind: 'node-stopped', on: { zone: 'region1/east' }, at: '10s', for: '5s' },
    { kind: 'scaled-to-zero', on: { workload: 'shop' }, at: '20s', for: '5s' },
  ],
  checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
});
const plan = planScenario(loaded);

const processes = ['kill', 'start'] as const satisfies readonly Action['do'][];
const nodes = [...processes, 'stop-node', 'start-node'] as const;
const all = [...nodes, 'scale-down', 'scale-up'] as const;

function refusal(
  environment: string,
  abilities: Record<string, readonly Action['do'][]>,
  mostInstances = 9,
): string {
  const capabilities = Object.fromEntries(
    Object.entries(abilities).map(([name, performs]) => [
      name,
      { changes: true, gateways: true, captures: true, performs, mostInstances },
    ]),
  );
  return unfitFor({ plan, mesh: istio }, environment, capabilities, loaded.locate)
    .map(formatProblem)
    .join('\n');
}

test('faults that an environment cannot make are refused by name, with the environments that can', () => {
  expect(refusal('host', { host: processes, cluster: all, cloud: all })).toMatchInlineSnapshot(`
    "example.yaml: faults.1.kind: the host environment has no node-stopped
      run it with --env cluster or --env cloud, or use zone-outage or kill
    example.yaml: faults.2.kind: the host environment has no scaled-to-zero
      run it with --env cluster or --env cloud, or use zone-outage or kill"
  `);
  expect(refusal('cloud', { host: processes, cluster: all, cloud: nodes })).toMatchInlineSnapshot(`
    "example.yaml: faults.2.kind: the cloud environment has no scaled-to-zero
      run it with --env cluster, or use zone-outage or kill"
  `);
  expect(refusal('cluster', { host: processes, cluster: all })).toBe('');
});

test('a fault that can be made and not taken back is refused, too', () => {
  expect(refusal('host', { host: ['kill'] })).toMatchInlineSnapshot(`
    "example.yaml: faults.0.kind: the host environment has no kill
      use zone-outage or kill
    example.yaml: faults.1.kind: the host environment has no node-stopped
      use zone-outage or kill
    example.yaml: faults.2.kind: the host environment has no scaled-to-zero
      use zone-outage or kill"
  `);
});

test('more replicas than an environment holds are refused', () => {
  expect(refusal('cluster', { cluster: all }, 1)).toMatchInlineSnapshot(`
    "example.yaml: topology: the topology has 2 replicas; the local lab holds 1
      use fewer replicas, or --env kind"
  `);
  expect(refusal('cluster', { cluster: all }, 2)).toBe('');
});

test('a fault that stands for no other is refused without one, by the environments as they are', () => {
  const certificates = loadedScenario({
    name: 'example',
    description: 'Certificates.',
    topology: {
      services: {
        shop: { workloads: [{ name: 'shop', locality: 'region1/east' }] },
        client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
      },
    },
    load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s' },
    faults: [
      { kind: 'certificate-expired', on: { service: 'client' }, at: '3s', for: '5s' },
      { kind: 'authority-rotated', at: '10s', for: '5s' },
    ],
    checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
  });
  const refused = (environment: EnvironmentName) =>
    unfitFor(
      { plan: planScenario(certificates), mesh: istio },
      environment,
      environmentCapabilities,
      certificates.locate,
    )
      .map(formatProblem)
      .join('\n');
  expect(refused('local')).toBe('');
  expect(refused('kind')).toMatchInlineSnapshot(`
    "example.yaml: faults.0.kind: the kind environment has no certificate-expired
      run it with --env local
    example.yaml: faults.1.kind: the kind environment has no authority-rotated
      run it with --env local"
  `);
});

test('calls can go past a sidecar only where it captures them', () => {
  const bypassing = loadedScenario({
    name: 'example',
    description: 'Calls of shop go past its sidecar.',
    topology: {
      services: {
        shop: { bypass: [8080], workloads: [{ name: 'shop', locality: 'region1/east' }] },
        client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
      },
    },
    load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s' },
    checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
  });
  const unfit = (environment: EnvironmentName) =>
    unfitFor(
      { plan: planScenario(bypassing), mesh: istio },
      environment,
      environmentCapabilities,
      bypassing.locate,
    )
      .map(formatProblem)
      .join('\n');
  expect(unfit('local')).toMatchInlineSnapshot(`
    "example.yaml: topology.services.shop.bypass: the local environment captures no connections, so that none can go past a sidecar
      run it with --env docker or --env kind"
  `);
  expect(unfit('docker')).toBe('');
  expect(unfit('kind')).toBe('');
});

test('how apps and sidecars start and stop is for a lab to say only where it starts and stops them', () => {
  const restarting = loadedScenario({
    name: 'example',
    description: 'A replica of shop is restarted.',
    topology: {
      services: {
        shop: {
          app: { startCalls: [{ to: 'stock' }] },
          sidecar: { holdsApp: true },
          workloads: [{ name: 'shop', locality: 'region1/east', replicas: 2 }],
        },
        stock: { workloads: [{ name: 'stock', locality: 'region1/east' }] },
        client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
      },
    },
    load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s' },
    faults: [{ kind: 'restart', on: { workload: 'shop', replica: 1 }, at: '6s', for: '8s' }],
    checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
  });
  const unfit = (environment: EnvironmentName) =>
    unfitFor(
      { plan: planScenario(restarting), mesh: istio },
      environment,
      environmentCapabilities,
      restarting.locate,
    )
      .map(formatProblem)
      .join('\n');
  expect(unfit('kind')).toMatchInlineSnapshot(`
    "example.yaml: topology.services.shop.sidecar: the kind environment leaves to its mesh how sidecars start and stop
      run it with --env local or --env docker
    example.yaml: topology.services.shop.app.startCalls: the kind environment starts apps without waiting for what they ask at their start
      run it with --env local or --env docker
    example.yaml: faults.0.kind: the kind environment has no restart
      run it with --env local or --env docker, or use zone-outage or kill"
  `);
  expect(unfit('docker')).toBe('');
  expect(unfit('local')).toBe('');
});
