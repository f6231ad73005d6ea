import { expect, test } from 'vitest';
import { ProblemsError } from '../../kit/problems.ts';
import type { Instance, TopologyPlan } from '../../model/topology.ts';
import { desiredEntries } from './agent/desired.ts';
import { readChanges, readConfiguration } from './configuration.ts';
import { datacentersOf } from './datacenters.ts';
import { readEntries } from './entries/read.ts';

const instance = (service: string, network: string, own: Partial<Instance>): Instance => ({
  name: `${service}-${network}-1`,
  service,
  workload: `${service}-${network}`,
  replica: 1,
  locality: `${network}/zone`,
  serviceAccount: service,
  labels: {},
  role: 'server',
  port: 8080,
  network,
  ...own,
});

const topology: TopologyPlan = {
  name: 'shop',
  file: 'shop.yaml',
  namespace: 'default',
  mtls: 'strict',
  services: [
    { name: 'cart', serviceAccount: 'cart', port: 8080, role: 'server' },
    { name: 'shop', serviceAccount: 'shop', port: 8080, role: 'client' },
  ],
  gateways: [{ name: 'joint', kind: 'east-west', port: 15_443, hosts: [], certificates: [] }],
  instances: [
    instance('shop', 'here', { role: 'client' }),
    instance('cart', 'here', {}),
    instance('cart', 'there', {}),
    instance('joint', 'there', { role: 'gateway', gateway: 'east-west', port: 15_443 }),
  ],
  outside: false,
  calls: [{ from: 'shop', to: 'cart', port: 8080 }],
};
const context = { topology, loads: [], aboutHosts: [] };

const fileOf = (content: string, file = 'a.hcl') => ({ file, path: `/${file}`, content });
const filesOf = (...contents: readonly string[]) =>
  contents.map((content, index) => fileOf(content, `${index}.hcl`));

function problemsIn(...contents: readonly string[]): readonly string[] {
  try {
    readConfiguration(filesOf(...contents), context);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ line, message, hint = '' }) =>
      [line, message, hint].filter(Boolean).join(' | '),
    );
  }
}

const meta = (network: string) => (network === '' ? '' : `Meta { network = "${network}" }`);
const exported = ({ network = 'there', name = 'cart', peer = 'here' } = {}) =>
  `Kind = "exported-services"
Name = "default"
${meta(network)}
Services = [
  {
    Name = "${name}"
    Consumers = [{ Peer = "${peer}" }]
  }
]`;
const failover = ({ network = 'here', peer = 'there' } = {}) =>
  `Kind = "service-resolver"
Name = "cart"
${meta(network)}
Failover = {
  "*" = { Targets = [{ Peer = "${peer}" }] }
}`;

test('each network is a datacenter of its own name and trust domain, and the peer of all others', () => {
  const all = datacentersOf(topology);
  expect(all.map(({ name, peers }) => [name, peers])).toEqual([
    ['here', ['there']],
    ['there', ['here']],
  ]);
  expect(new Set(all.map(({ clusterId }) => clusterId)).size).toBe(2);
  expect(datacentersOf({ instances: [] })).toMatchObject([{ name: 'dc1', network: undefined, peers: [] }]);
});

test('an entry goes to the network that its Meta names, and without one to all', () => {
  const { entries } = readEntries(
    filesOf(exported(), failover(), 'Kind = "service-defaults"\nName = "cart"\nProtocol = "http"'),
  );
  const [here, there] = datacentersOf(topology).map((datacenter) =>
    desiredEntries(datacenter, entries, topology, {
      accessLog: { Type: 'file', Path: 'access.log' },
      revision: { name: '1', hostsSince: '1' },
    }),
  );
  const names = (all: typeof here) => all?.map(({ kind, name }) => `${kind}/${name}`);
  const both = ['proxy-defaults/global', 'service-defaults/cart', 'service-resolver/breakwater-revision'];
  expect(names(here)).toEqual([...both, 'service-resolver/cart']);
  expect(names(there)).toEqual([...both, 'exported-services/default']);
  // By the marker it is known what a gateway holds.
  expect(there?.at(-1)?.body).toMatchObject({
    Services: [
      { Name: 'cart', Consumers: [{ Peer: 'here' }] },
      { Name: 'breakwater-revision', Consumers: [{ Peer: 'here' }] },
    ],
  });
});

test('a resource of consul-k8s says its network in a label', () => {
  const content = `apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceResolver
metadata: { name: cart, labels: { network: here } }
spec:
  failover: { '*': { targets: [{ peer: there }] } }
`;
  const [entry] = readConfiguration([fileOf(content, 'a.yaml')], context);
  expect(entry?.value['Meta']).toEqual({ network: 'here' });
});

test('each network may have its own entry of a name, and none beside one for all', () => {
  expect(problemsIn(failover(), failover({ network: 'there', peer: 'here' }))).toEqual([]);
  expect(problemsIn(failover(), failover())).toEqual([
    expect.stringContaining('is there already, in 0.hcl:1'),
  ]);
  expect(problemsIn(failover({ network: '' }), failover())[0]).toContain('is there already');
});

test.each([
  [exported({ network: 'ther' }), '3 | the topology has no network "ther" | did you mean there?'],
  [exported({ peer: 'her' }), '7 | the topology has no network "her" | did you mean here?'],
  [exported({ peer: 'there' }), '7 | the network there is no peer of its own | its peers are here'],
  [
    exported({ network: '' }),
    '7 | the network here is no peer of its own | an entry is for all networks unless it says which: Meta { network = "there" }',
  ],
  [exported({ name: 'carts' }), '6 | the network there has no service "carts" | did you mean cart?'],
  [exported({ name: 'xyz' }), '6 | the network there has no service "xyz" | there is cart'],
  [failover({ peer: 'thre' }), '5 | the topology has no network "thre" | did you mean there?'],
  [
    failover().replace('Peer = "there"', 'Peer = "there", Service = "carts"'),
    '5 | the network there has no service "carts" | did you mean cart?',
  ],
  [exported().replace('Peer', 'PeerName'), '7 | unknown field "PeerName" | did you mean "Peer"?'],
  [
    failover().replace('Peer = "there"', 'Datacenter = "there"'),
    '5 | unsupported here, because the networks of a lab are peers, and know no datacenters of each other | write Peer, which is the name of a network',
  ],
  [exported().replace('Consumers', 'Consumer'), '7 | unknown field "Consumer" | did you mean "Consumers"?'],
  [
    exported().replace('Peer', 'SamenessGroup'),
    '7 | unsupported here, because SamenessGroup is in Consul Enterprise only',
  ],
  [
    exported().replace('"default"', '"there"'),
    '2 | the name of an exported-services is default, not "there"',
  ],
  [
    'Kind = "mesh"\nPeering {\n  PeerThroughMeshGateways = true\n}',
    '3 | the network here has no gateway that agents could hear of each other through | add a gateway of kind east-west to topology.gateways, with a workload there',
  ],
])('%# is told with its line and what was meant', (content, told) => {
  expect(problemsIn(content)).toContainEqual(expect.stringContaining(told));
});

test('what is for all networks and names none of them is wrong once', () => {
  expect(problemsIn(exported({ network: '', peer: '*' }))).toEqual([
    '7 | a peer is named, and "*" is none | there are here, there',
  ]);
  expect(problemsIn(exported({ network: '', peer: 'her' }))).toEqual([
    '7 | the topology has no network "her" | did you mean here?',
  ]);
});

test('the network of an entry is told from what else its Meta may have by its letters', () => {
  const alike = failover().replace('network =', 'Network =');
  expect(problemsIn(alike)).toContainEqual(
    '3 | an entry is for a network by "network" in its Meta, and not by "Network" | write network',
  );
});

test('a service of a peer is another one than that of the same name here', () => {
  const redirect = failover().replace(/Failover[\s\S]*/, 'Redirect { Peer = "there", Service = "cart" }');
  expect(problemsIn(redirect)).toEqual([]);
  const overrides = (second: string) =>
    `Kind = "service-defaults"\nName = "shop"\nUpstreamConfig {\n  Overrides = [{ Name = "cart" }, { Name = "cart" ${second} }]\n}`;
  expect(problemsIn(`${overrides('Peer = "there"')}\n${meta('here')}`)).toEqual([]);
  expect(problemsIn(overrides(''))).toEqual([
    expect.stringContaining('an earlier override is for cart as well'),
  ]);
});

test('a change is of the entry of its own network', () => {
  const [first] = readChanges(
    filesOf(failover(), failover({ network: 'there', peer: 'here' })),
    [{ name: 'late', files: [fileOf(failover(), 'b.hcl')], deletes: [] }],
    context,
  );
  expect(first?.isSame).toBe(true);
  expect(first?.resources.map(({ file }) => file)).toEqual(['b.hcl', '1.hcl']);
});
