import { expect, test } from 'vitest';
import { environmentCapabilities } from '../environments/index.ts';
import { formatProblem, ProblemsError } from '../kit/problems.ts';
import { istio } from '../meshes/istio/index.ts';
import { waysOn } from '../model/topology.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { unfitFor } from './environments.ts';
import { planScenario } from './plan.ts';

const at = (name: string, network?: string) => ({
  name,
  locality: 'region1/zone-east',
  ...(network === undefined ? {} : { network }),
});
const joined = (...workloads: readonly object[]) => ({ kind: 'east-west', workloads });

/** A client in the network east, and a shop that is in both. */
function scenario(topology: object = {}, changes: object = {}) {
  return loadedScenario({
    name: 'example',
    description: 'Two networks.',
    topology: {
      services: {
        shop: { workloads: [at('shop-east', 'east'), at('shop-west', 'west')] },
        client: { workloads: [at('client', 'east')] },
      },
      gateways: { joint: joined(at('gateway', 'west')) },
      ...topology,
    },
    load: { from: 'client', to: 'shop', rate: '50/s', duration: '10s' },
    checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    ...changes,
  });
}

function mistakes(topology: object, changes: object = {}): string {
  try {
    planScenario(scenario(topology, changes));
    return 'none';
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems.map(formatProblem).join('\n');
    throw error;
  }
}

test('a gateway is a workload of its own, found by its labels, and in one network', () => {
  const { topology } = planScenario(
    scenario({
      gateways: {
        joint: joined({ ...at('gateway', 'west'), replicas: 2, labels: { tier: 'edge' } }),
      },
    }),
  );
  expect(topology.gateways).toMatchObject([{ name: 'joint', kind: 'east-west', port: 15_443 }]);
  const gateways = topology.instances.filter(({ role }) => role === 'gateway');
  expect(gateways.map(({ name }) => name)).toEqual(['gateway-1', 'gateway-2']);
  expect(gateways[0]).toMatchObject({
    service: 'joint',
    gateway: 'east-west',
    network: 'west',
    serviceAccount: 'joint',
    labels: { istio: 'eastwestgateway', tier: 'edge' },
  });
  expect(gateways[0]?.app).toBeUndefined();
});

test('a gateway can be lost, and has no app that could misbehave', () => {
  const fault = (kind: string, more: object = {}) => ({
    faults: [{ kind, on: { service: 'joint' }, at: '3s', for: '2s', ...more }],
  });
  expect(planScenario(scenario({}, fault('kill'))).trial.faults[0]?.targets).toEqual(['gateway-1']);
  expect(mistakes({}, fault('latency', { delay: '1s' }))).toContain(
    '"joint" is a gateway; it runs no app that answers or could misbehave',
  );
  expect(
    mistakes({}, { checks: [{ kind: 'share', during: 'run', of: { workload: 'gateway' }, atLeast: '1%' }] }),
  ).toContain('"gateway" is a gateway');
});

test.each<[string, object, string]>([
  [
    'a network without a gateway',
    { gateways: {} },
    'topology.services.shop.workloads.1.network: "client" in the network east calls "shop-west" in west, which has no gateway',
  ],
  [
    'a gateway in the network of the callers alone',
    { gateways: { joint: joined(at('gateway', 'east')) } },
    'calls "shop-west" in west, which has no gateway',
  ],
  [
    'a misspelt network',
    { gateways: { joint: joined(at('gateway', 'wset')) } },
    'topology.gateways.joint.workloads.0.network: no service is in the network "wset"\n  did you mean "west"?',
  ],
  [
    'a gateway in no network',
    { gateways: { joint: joined(at('gateway')) } },
    '"gateway" is in no network, and others are',
  ],
  [
    'a client in no network',
    {
      services: {
        shop: { workloads: [at('shop-east', 'east'), at('shop-west', 'west')] },
        client: { workloads: [at('client')] },
      },
    },
    'topology.services.client.workloads.0: "client" is in no network, and others are: Istio takes such a workload to be in all of them',
  ],
  [
    'gateways and no networks',
    { services: { shop: { workloads: [at('shop')] }, client: { workloads: [at('client')] } } },
    '"joint" is to join networks, and no service is in one',
  ],
  [
    'a gateway called as a service is',
    { gateways: { shop: joined(at('gateway', 'west')) } },
    'topology.gateways.shop: there is a service "shop" already',
  ],
  [
    'a workload of a name that is taken',
    { gateways: { joint: joined(at('shop-west', 'west')) } },
    'topology.gateways.joint.workloads.0.name: there is already a workload "shop-west" in the service shop',
  ],
  [
    'a port for root',
    { gateways: { joint: { ...joined(at('gateway', 'west')), port: 443 } } },
    'topology.gateways.joint.port: ports below 1024 are for root',
  ],
  [
    'a port of the sidecars',
    { gateways: { joint: { ...joined(at('gateway', 'west')), port: 15_021 } } },
    'topology.gateways.joint.port: port 15021 is taken',
  ],
])('%s is refused', (_, topology, said) => {
  expect(mistakes(topology)).toContain(said);
});

test('requests go to services, not to gateways between networks', () => {
  const load = { from: 'client', to: 'joint', rate: '50/s', duration: '10s' };
  expect(mistakes({}, { load })).toContain('load.to: "joint" is a gateway between networks');
});

test('the kind environment says that it makes neither gateways nor networks', () => {
  const refusal = (topology: object) => {
    const loaded = scenario(topology);
    const found = unfitFor(
      { plan: planScenario(loaded), mesh: istio },
      'kind',
      environmentCapabilities,
      loaded.locate,
    );
    return found.map(formatProblem).join('\n');
  };
  expect(refusal({})).toBe(
    'example.yaml: topology.gateways: the kind environment makes no gateways of a topology yet\n  run it with --env local',
  );
  const alone = { workloads: [at('shop', 'east')] };
  expect(
    refusal({ services: { shop: alone, client: { workloads: [at('client', 'east')] } }, gateways: {} }),
  ).toContain('topology.services: the kind environment makes no networks of a topology yet');
});

/** A client outside the mesh that calls a host of an edge. */
function edge(gateway: object = {}, changes: object = {}) {
  return {
    topology: {
      services: {
        shop: { workloads: [at('shop')] },
        visitors: { workloads: [at('visitors')] },
        inside: { workloads: [at('inside')] },
      },
      gateways: {
        edge: { kind: 'ingress', hosts: ['shop.example.com'], workloads: [at('edge')], ...gateway },
      },
    },
    load: { from: 'visitors', to: 'shop.example.com', rate: '50/s', duration: '10s' },
    ...changes,
  };
}

test('whoever sends to a host is outside the mesh, and calls the gateway at its port', () => {
  const { topology, trial } = planScenario(scenario({}, edge({ certificates: { cert: ['*.example.com'] } })));
  expect(trial.loads[0]).toMatchObject({ to: 'shop.example.com', port: 8_443 });
  expect(topology.instances.find(({ name }) => name === 'visitors-1')).toMatchObject({ outside: true });
  expect(topology.instances.find(({ name }) => name === 'edge-1')).toMatchObject({
    gateway: 'ingress',
    port: 8_443,
    labels: { istio: 'ingressgateway' },
  });
  expect(topology.services.find(({ name }) => name === 'shop.example.com')).toMatchObject({
    role: 'gateway',
    port: 8_443,
  });
  expect(topology.calls).toEqual(
    expect.arrayContaining([
      { from: 'visitors', to: 'shop.example.com', port: 8_443 },
      { from: 'edge', to: 'shop', port: 8_080 },
    ]),
  );
  expect(waysOn({ from: 'visitors', to: 'shop.example.com' }, topology)).toContainEqual({
    from: 'edge',
    to: 'shop',
    port: 8_080,
  });
});

test.each<[string, object, string]>([
  ['an edge without hosts', edge({ hosts: [] }), 'topology.gateways.edge.hosts: no client could call it'],
  [
    'a host twice',
    edge({ hosts: ['shop.example.com', 'shop.example.com'] }),
    'topology.gateways.edge.hosts.1: it has this host already',
  ],
  [
    'a name inside the mesh for a host',
    edge({ hosts: ['shop.example.com', 'shop.default.svc.cluster.local'] }),
    'topology.gateways.edge.hosts.1: "shop.default.svc.cluster.local" looks like a name inside the mesh',
  ],
  [
    'hosts of a gateway between networks',
    edge({ kind: 'east-west', workloads: [at('edge', 'west')] }),
    'topology.gateways.edge.hosts: a gateway between networks passes on what sidecars ask for',
  ],
  [
    'a load to the gateway by its name',
    edge({}, { load: { from: 'visitors', to: 'edge', rate: '50/s', duration: '10s' } }),
    'load.to: "edge" is a gateway\n  it is called by its hosts: shop.example.com',
  ],
  [
    'a host that no gateway has',
    edge({}, { load: { from: 'visitors', to: 'shop.example.org', rate: '50/s', duration: '10s' } }),
    'load.to: there is no service "shop.example.org" in the topology\n  did you mean "shop.example.com"?',
  ],
  [
    'another port than that of the gateway',
    edge(
      {},
      { load: { from: 'visitors', to: 'shop.example.com', port: 443, rate: '50/s', duration: '10s' } },
    ),
    'load.port: shop.example.com has no port 443\n  it has 8443',
  ],
  [
    'a client that is outside the mesh and inside it',
    edge(
      {},
      {
        load: [
          { name: 'in', from: 'visitors', to: 'shop', rate: '50/s', duration: '10s' },
          { name: 'at-the-edge', from: 'visitors', to: 'shop.example.com', rate: '50/s', duration: '10s' },
        ],
      },
    ),
    'load.0.to: "visitors" sends to the host of a gateway, so that it is outside the mesh and cannot call "shop" in it',
  ],
  [
    'a probe of a host from a place without a sidecar',
    edge(
      {},
      {
        probes: [{ name: 'bare', from: 'outside', to: 'shop.example.com', expect: { status: 200 } }],
        checks: [{ kind: 'expectations', during: 'run' }],
      },
    ),
    'probes.0.from: outside is a place without a sidecar',
  ],
])('%s is refused', (_, { topology, ...changes }: { topology?: object }, said) => {
  expect(mistakes(topology ?? {}, changes)).toContain(said);
});

test('hosts and certificates have the form of names', () => {
  const refused = (gateway: object) => scenarioSchema.safeParse(edge(gateway)).error?.message ?? '';
  for (const host of [
    'shop',
    'Shop.example.com',
    'https://shop.example.com',
    'shop.example.com:443',
    '*.example.com',
  ])
    expect(refused({ hosts: [host] }), host).toContain('expected a host name in small letters');
  for (const host of ['*', 'shop', '*.*.example.com', 'shop.*.com'])
    expect(refused({ certificates: { cert: [host] } }), host).toContain(
      'expected a host name in small letters',
    );
});

test('slow clients call the gateways that clients outside the mesh call, and nobody else', () => {
  const fault = (service: string) => ({
    faults: [{ kind: 'slow-clients', on: { service }, connections: 20, at: '3s', for: '2s' }],
  });
  const { topology, ...load } = edge();
  const { trial } = planScenario(scenario(topology, { ...load, ...fault('edge') }));
  expect(trial.faults[0]).toMatchObject({
    targets: ['edge-1'],
    description: 'edge is called by 20 clients that send requests without an end',
    proof: { kind: 'unfinished', requests: 20 },
  });
  expect(mistakes(topology, { ...load, ...fault('shop') })).toContain(
    'faults.0.on.service: "shop" is no gateway that clients outside the mesh call',
  );
  expect(mistakes({}, fault('joint'))).toContain('"joint" is no gateway that clients outside the mesh call');
});
