import { expect, test } from 'vitest';
import type { Action } from '../../../model/fault.ts';
import { planScenario } from '../../../plan/plan.ts';
import { loadedScenario } from '../../../scenario/testing/loaded.ts';
import type { ToldMesh } from '../../contract.ts';
import { clusterOf } from './mesh.ts';

const at = (name: string) => [{ name, locality: 'region1/zone-east' }];
const topologyOf = (shop: object = {}) =>
  planScenario(
    loadedScenario({
      name: 'example',
      description: 'A shop that calls its stock.',
      topology: {
        services: {
          frontend: { workloads: at('frontend') },
          shop: { app: { calls: [{ to: 'stock', path: '/items' }] }, workloads: at('shop'), ...shop },
          stock: { port: 9000, workloads: at('stock') },
        },
      },
      load: { from: 'frontend', to: 'shop', rate: '10/s', duration: '5s' },
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    }),
  ).topology;

const topology = topologyOf();
const consul = clusterOf('1.16.1');
const control = consul.control as ToldMesh;
const usual = { hub: undefined, tag: undefined, stockEnvoy: false, controlPlaneNodes: {} };

test('images have their usual names, in a registry of one’s own too, unless others are named', () => {
  expect(consul.images(usual)).toEqual({
    controlPlane: ['docker.io/hashicorp/consul:1.16.1'],
    sidecar: [expect.stringMatching(/^docker\.io\/envoyproxy\/envoy:v1\.\d+\.\d+$/)],
  });
  expect(consul.images({ ...usual, registry: 'registry.example:5000' }).controlPlane).toEqual([
    'registry.example:5000/hashicorp/consul:1.16.1',
  ]);
  const images = { consul: 'mine/consul:1', envoy: 'mine/envoy:2' };
  expect(consul.images({ ...usual, registry: 'registry.example', images })).toEqual({
    controlPlane: ['mine/consul:1'],
    sidecar: ['mine/envoy:2'],
  });
});

/** What the agent is asked and told of these replicas. */
async function toldOf(names: readonly string[]) {
  const files: Record<string, string> = {};
  const asked: string[] = [];
  const checks = ['passing', 'critical'].map((Status) => [{ CheckID: 'breakwater-lapses', Status }]);
  const told = control.tell(
    {
      ask: async (method, path) => {
        if (method === 'PUT') asked.push(path);
        return { status: 200, body: JSON.stringify(method === 'PUT' ? true : checks.shift()) };
      },
      write: async (path, content) => {
        files[path] = content;
      },
    },
    topology,
  );
  await told.there(
    topology.instances
      .filter(({ service }) => names.includes(service))
      .map((instance, index) => ({
        ...instance,
        pod: `${instance.workload}-x`,
        address: `10.0.0.${index + 1}`,
        appPort: 18_080,
      })),
  );
  const [content = ''] = Object.values(files);
  return { asked, services: JSON.parse(content).services as Registration[] };
}

interface Registration {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly proxy?: {
    readonly local_service_address: string;
    readonly local_service_port: number;
    readonly upstreams: readonly {
      readonly destination_name: string;
      readonly local_bind_address: string;
      readonly local_bind_port: number;
    }[];
  };
}

test('whoever calls a service by its name finds its own sidecar there, which takes calls of that service alone', async () => {
  const { asked, services } = await toldOf(['frontend', 'shop', 'stock']);
  expect(asked).toEqual([
    '/v1/agent/check/register',
    '/v1/agent/check/deregister/breakwater-lapses',
    '/v1/agent/reload',
  ]);
  for (const instance of topology.instances) {
    const { hostAliases } = control.podParts(instance, topology, usual);
    const names = new Map(hostAliases.flatMap(({ ip, hostnames }) => hostnames.map((name) => [name, ip])));
    const sidecar = services.find(({ id }) => id === `${instance.workload}-x-sidecar-proxy`);
    const taken = sidecar?.proxy?.upstreams.filter(({ destination_name: name }) => !/revision/.test(name));
    expect(names.size).toBe(instance.service === 'stock' ? 0 : 2);
    expect(taken).toEqual(
      instance.service === 'stock'
        ? []
        : [
            {
              destination_name: 'shop',
              local_bind_address: names.get('shop.virtual.consul'),
              local_bind_port: 8080,
            },
            {
              destination_name: 'stock',
              local_bind_address: names.get('stock.virtual.consul'),
              local_bind_port: 9000,
            },
          ],
    );
    expect(new Set(names.values()).size).toBe(names.size);
  }
});

test('a sidecar is called at a port of its pod that is not the app’s, which listens for it alone', async () => {
  const { services } = await toldOf(['stock']);
  const sidecar = services.find(({ id }) => id === 'stock-x-sidecar-proxy');
  expect(`${sidecar?.address}:${sidecar?.port}`).toBe(`10.0.0.1:${consul.calledAt([18_080])[0]}`);
  expect(sidecar?.proxy).toMatchObject({ local_service_address: consul.appHost, local_service_port: 18_080 });
  expect(consul.calledAt([18_080])).not.toContain(18_080);
});

test('what only a host of one’s own can do is refused by name', () => {
  const stop: Action = { do: 'stop-control-plane', target: { kind: 'control-plane' } };
  const kill: Action = { do: 'kill', target: { kind: 'instance', name: 'shop-1' } };
  const said = consul.unsupported(
    topologyOf({ bypass: [9000] }),
    [kill, stop].map((action) => ({ actions: [action], forMs: 5_000 })),
  );
  expect(said.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
    'topology.services.shop.bypass: unsupported here, because nothing captures connections with Consul, so that none can go past a sidecar',
    'faults.1.kind: unsupported here, because an agent in a cluster keeps nothing beyond its pod: one that came back would have another authority, and no services',
  ]);
  expect(consul.unsupported(topology, [{ actions: [kill], forMs: 5_000 }])).toEqual([]);
});
