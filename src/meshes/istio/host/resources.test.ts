import { expect, test } from 'vitest';
import { planScenario } from '../../../plan/plan.ts';
import { loadedScenario } from '../../../scenario/testing/loaded.ts';
import type { HostInstance } from '../../contract.ts';
import { topologyResources } from './resources.ts';

/** What istiod is told of services, with a frontend that calls shop; relays stand before those that are named. */
function resourcesOf(
  services: object,
  relays: Readonly<Record<string, HostInstance['relays']>> = {},
): readonly Resource[] {
  const { topology } = planScenario(
    loadedScenario({
      name: 'example',
      description: 'An example.',
      topology: {
        services: {
          frontend: { workloads: [{ name: 'frontend', locality: 'region1/zone-east' }] },
          ...services,
        },
      },
      load: { from: 'frontend', to: 'shop', rate: '10/s', duration: '5s' },
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    }),
  );
  const instances = topology.instances.map(
    (instance, index): HostInstance => ({
      ...instance,
      address: `127.1.1.${10 + index}`,
      egressAddress: `127.1.1.${130 + index}`,
      appPort: 18_080,
      relays: relays[instance.name] ?? [],
      admin: '',
      directory: '',
    }),
  );
  return topologyResources({ topology, instances }) as Resource[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

const named = (resources: readonly Resource[], name: string) =>
  resources.find(({ metadata }) => metadata.name === name)?.spec;

test('a sidecar takes every port of its service, and calls every port of all of them', () => {
  const resources = resourcesOf({
    shop: { extraPorts: [9090], workloads: [{ name: 'shop', locality: 'region1/zone-east' }] },
    stock: { port: 7000, workloads: [{ name: 'stock', locality: 'region1/zone-east' }] },
  });
  expect(named(resources, 'breakwater-shop')).toMatchObject({
    ports: [
      { number: 8080, name: 'http', protocol: 'HTTP' },
      { number: 9090, name: 'http-9090', protocol: 'HTTP' },
    ],
  });
  const egress = [8080, 9090, 7000].map((number) => ({ port: { number } }));
  expect(named(resources, 'breakwater-shop-1')).toMatchObject({
    ingress: [
      { port: { number: 8080 }, bind: '127.1.1.11', defaultEndpoint: '0.0.0.0:18080' },
      { port: { number: 9090 }, bind: '127.1.1.11', defaultEndpoint: '0.0.0.0:18080' },
    ],
    egress,
  });
  expect(named(resources, 'breakwater-frontend-1')).toMatchObject({ ingress: [], egress });
});

test('an app that speaks HTTP/2 is called by it on every port, and its callers speak HTTP/1.1 to their own sidecars', () => {
  const resources = resourcesOf({
    shop: {
      extraPorts: [9090],
      app: { protocol: 'http2' },
      workloads: [{ name: 'shop', locality: 'region1/zone-east' }],
    },
  });
  const ports = [
    { number: 8080, name: 'http2', protocol: 'HTTP2' },
    { number: 9090, name: 'http2-9090', protocol: 'HTTP2' },
  ];
  expect(named(resources, 'breakwater-shop')).toMatchObject({ ports });
  expect(named(resources, 'breakwater-shop-1')).toMatchObject({ ingress: ports.map((port) => ({ port })) });
  const egress = [8080, 9090].map((number) => ({ port: { number, protocol: 'HTTP' } }));
  expect(named(resources, 'breakwater-frontend-1')).toMatchObject({ egress });
});

test('a replica behind relays is known by its own address to nobody who calls, and by another to each locality', () => {
  const resources = resourcesOf(
    {
      shop: {
        extraPorts: [9090],
        workloads: [{ name: 'shop', locality: 'region1/zone-east', replicas: 2 }],
      },
    },
    {
      'shop-1': [
        {
          from: 'region1/zone-west',
          address: '127.1.1.2',
          ports: new Map([
            [8080, 20_000],
            [9090, 20_001],
          ]),
        },
      ],
    },
  );
  expect(named(resources, 'breakwater-shop')).toMatchObject({
    endpoints: [
      { address: '127.1.1.11', network: 'unseen' },
      {
        address: '127.1.1.2',
        network: 'seen-from-region1-zone-west',
        ports: { http: 20_000, 'http-9090': 20_001 },
        locality: 'region1/zone-east',
      },
      { address: '127.1.1.12' },
    ],
  });
  expect(named(resources, 'breakwater-shop-1')).toMatchObject({ ingress: [{ bind: '127.1.1.11' }, {}] });
});
