import { expect, test } from 'vitest';
import type { TopologyPlan } from '../../../model/topology.ts';
import { planScenario } from '../../../plan/plan.ts';
import { loadedScenario } from '../../../scenario/testing/loaded.ts';
import type { HostInstance } from '../../contract.ts';
import { certificateNamed, withHostCertificates } from './host-certificates.ts';
import { topologyResources } from './resources.ts';

/** What istiod is told of services, with a frontend that calls shop; relays stand before those that are named. */
function resourcesOf(
  services: object,
  relays: Readonly<Record<string, HostInstance['relays']>> = {},
  withdrawn?: ReadonlySet<string>,
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
  return resourcesFor(topology, relays, withdrawn);
}

function resourcesFor(
  topology: TopologyPlan,
  relays: Readonly<Record<string, HostInstance['relays']>> = {},
  withdrawn?: ReadonlySet<string>,
): readonly Resource[] {
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
  const request = { topology, instances, address: '127.1.1.1', port: (usual: number) => usual };
  return topologyResources(request, withdrawn) as Resource[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
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

test('callers are told of no replica that is withdrawn, which listens all the same', () => {
  const shop = { workloads: [{ name: 'shop', locality: 'region1/zone-east', replicas: 2 }] };
  const resources = resourcesOf({ shop }, {}, new Set(['shop-1']));
  expect(named(resources, 'breakwater-shop')).toMatchObject({ endpoints: [{ address: '127.1.1.12' }] });
  expect(named(resources, 'breakwater-shop-1')).toMatchObject({ ingress: [{ bind: '127.1.1.11' }] });
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

/** What istiod is told of a shop behind an edge, with a client outside the mesh. */
function ofEdge(certificates: object) {
  const at = (name: string) => ({ name, locality: 'region1/zone-east' });
  const { topology } = planScenario(
    loadedScenario({
      name: 'example',
      description: 'An edge.',
      topology: {
        services: { visitors: { workloads: [at('visitors')] }, shop: { workloads: [at('shop')] } },
        gateways: {
          edge: { kind: 'ingress', hosts: ['shop.example.com'], certificates, workloads: [at('edge')] },
        },
      },
      load: { from: 'visitors', to: 'shop.example.com', rate: '10/s', duration: '5s' },
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    }),
  );
  return resourcesFor(topology);
}

test('whoever is outside the mesh knows the hosts of gateways alone, and holds certificates against them', () => {
  const resources = ofEdge({ cert: ['shop.example.com'] });
  const outside = resources.filter(({ metadata }) => metadata.namespace === 'breakwater-outside');
  expect(outside.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Sidecar breakwater-visitors-1',
    'ServiceEntry breakwater-shop.example.com',
    'DestinationRule breakwater-shop.example.com',
  ]);
  expect(outside[0]?.spec).toMatchObject({ egress: [{ port: { number: 8443 }, hosts: ['./*'] }] });
  expect(outside[2]?.spec).toMatchObject({
    trafficPolicy: {
      tls: { mode: 'SIMPLE', sni: 'shop.example.com', subjectAltNames: ['shop.example.com'] },
    },
  });
  expect(JSON.stringify(ofEdge({}))).not.toContain('"tls"');
});

test('a gateway listens on its own address, and has a port of the lab’s own', () => {
  const resources = ofEdge({});
  const patches = resources.find(({ kind }) => kind === 'EnvoyFilter');
  expect(JSON.stringify(patches)).toContain('{"address":{"socket_address":{"address":"127.1.1.12"}}}');
  const gateway = resources.find(({ kind }) => kind === 'Gateway');
  expect(gateway?.spec).toMatchObject({ selector: { 'breakwater.dev/instance': 'edge-1' } });
  expect(resources.some(({ metadata }) => metadata.name === 'breakwater-edge')).toBe(false);
});

test('secrets that a Gateway names are files here, and nothing else of it changes', () => {
  const tls = { mode: 'SIMPLE', credentialName: 'cert', minProtocolVersion: 'TLSV1_2' };
  const gateway = { kind: 'Gateway', spec: { selector: { a: 'b' }, servers: [{ tls }, { hosts: ['*'] }] } };
  expect(withHostCertificates(gateway)).toEqual({
    kind: 'Gateway',
    spec: {
      selector: { a: 'b' },
      servers: [
        {
          tls: {
            mode: 'SIMPLE',
            minProtocolVersion: 'TLSV1_2',
            serverCertificate: 'certificates/cert/chain.pem',
            privateKey: 'certificates/cert/key.pem',
          },
        },
        { hosts: ['*'] },
      ],
    },
  });
  expect(certificateNamed('file-cert:certificates/cert/chain.pem~certificates/cert/key.pem')).toBe('cert');
  expect(certificateNamed('default')).toBeUndefined();
});
