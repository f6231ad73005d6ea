import { expect, test } from 'vitest';
import { consulOf } from '../../meshes/consul/index.ts';
import type { Mesh } from '../../meshes/contract.ts';
import { istio } from '../../meshes/istio/index.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { podLabels } from './made-anew.ts';
import { topologyObjects } from './manifests.ts';

const workloads = (name: string) => [{ name, locality: 'region1/zone-east' }];

function topologyOf(services: object): TopologyPlan {
  const loaded = loadedScenario({
    name: 'example',
    description: 'An example.',
    topology: {
      namespace: 'market',
      services: { frontend: { workloads: workloads('frontend') }, ...services },
    },
    load: { from: 'frontend', to: 'shop', rate: '10/s', duration: '5s' },
    checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
  });
  return planScenario(loaded).topology;
}

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

const manifestsOf = (services: object, mesh: Mesh = istio) =>
  topologyObjects(topologyOf(services), {
    mesh,
    cluster: {
      images: { app: 'app', k6: 'k6' },
      meshImages: { hub: undefined, tag: undefined, stockEnvoy: false },
      observers: {},
    },
    podLabels: podLabels(mesh, 'run-1'),
  }) as Manifest[];

const environmentOf = (manifests: readonly Manifest[], deployment: string) =>
  Object.fromEntries(
    manifests
      .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === deployment)
      ?.spec.template.spec.containers.flatMap(({ env }) => env.map(({ name, value }) => [name, value])) ?? [],
  );

test('an app in a cluster calls others by their names there', () => {
  const manifests = manifestsOf({
    shop: { app: { calls: [{ to: 'stock', path: '/items' }] }, workloads: workloads('shop') },
    stock: { port: 9000, workloads: workloads('stock') },
  });
  expect(JSON.parse(environmentOf(manifests, 'shop')['CALLS'] ?? '')).toEqual([
    {
      url: 'http://stock.market.svc.cluster.local:9000/items',
      host: 'stock.market.svc.cluster.local:9000',
      headers: { 'x-breakwater-due': ';c' },
    },
  ]);
  expect(environmentOf(manifests, 'stock')['CALLS']).toBe('[]');
});

test('each port of a service has one of its own in the pods, in the same order', () => {
  const manifests = manifestsOf({
    shop: { port: 8080, extraPorts: [80, 9090], workloads: workloads('shop') },
  });
  expect(manifests.find(({ kind }) => kind === 'Service')?.spec).toMatchObject({
    ports: [
      { name: 'http', port: 8080, targetPort: 18_080 },
      { name: 'http-80', port: 80, targetPort: 18_082 },
      { name: 'http-9090', port: 9090, targetPort: 18_083 },
    ],
  });
  expect(environmentOf(manifests, 'shop')).toMatchObject({ PORT: '18080', EXTRA_PORTS: '18082,18083' });
  const deployment = manifests.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'shop',
  );
  expect(deployment?.spec.template.spec.containers[0]).toMatchObject({
    ports: [
      { name: 'http', containerPort: 18_080 },
      { name: 'http-2', containerPort: 18_082 },
      { name: 'http-3', containerPort: 18_083 },
    ],
  });
});

test('what an app speaks and answers is in its environment, and its ports have names that say so', () => {
  const manifests = manifestsOf({
    shop: {
      extraPorts: [9090],
      app: { protocol: 'http2', maxAge: '1m30s', bytes: 2_000 },
      workloads: workloads('shop'),
    },
    stock: { workloads: workloads('stock') },
  });
  expect(environmentOf(manifests, 'shop')).toMatchObject({ PROTOCOL: 'http2', MAX_AGE: '90', BYTES: '2000' });
  expect(environmentOf(manifests, 'stock')).toMatchObject({ PROTOCOL: 'http1' });
  expect(environmentOf(manifests, 'stock')).not.toHaveProperty('BYTES');
  const ports = (service: string) =>
    manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === service)?.spec;
  expect(ports('shop')).toMatchObject({ ports: [{ name: 'http2' }, { name: 'http2-9090' }] });
  expect(ports('stock')).toMatchObject({ ports: [{ name: 'http' }] });
});

test('where nothing injects sidecars, each pod has one of its own, its app listens for that alone, and pods are of one run', () => {
  const manifests = manifestsOf({ shop: { workloads: workloads('shop') } }, consulOf());
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  expect(deployments.map(({ spec }) => spec.template.spec.containers.map(({ name }) => name))).toEqual([
    ['k6', 'consul-sidecar'],
    ['app', 'consul-sidecar'],
  ]);
  for (const { spec } of deployments) {
    expect(spec.template).toMatchObject({ metadata: { labels: { 'breakwater.dev/run': 'run-1' } } });
  }
  expect(environmentOf(manifests, 'shop')).toMatchObject({ HOST: '127.0.0.1', CONTROL_HOST: '0.0.0.0' });
  expect(manifests.find(({ kind }) => kind === 'Service')?.spec).toMatchObject({
    ports: [{ name: 'http', port: 8080, targetPort: 20_000 }],
  });
});

test('injected sidecars are in no manifest, and pods of an earlier run will do', () => {
  const [deployment] = manifestsOf({ shop: { workloads: workloads('shop') } }).filter(
    ({ kind }) => kind === 'Deployment',
  );
  expect(deployment?.spec.template.spec.containers).toHaveLength(1);
  expect(deployment?.spec.template).not.toHaveProperty(['metadata', 'labels', 'breakwater.dev/run']);
});
