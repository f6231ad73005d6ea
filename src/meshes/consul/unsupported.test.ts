import { expect, test } from 'vitest';
import type { Action } from '../../model/fault.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { unsupported } from './unsupported.ts';

const topology: TopologyPlan = {
  name: 'shop',
  file: 'shop.yaml',
  namespace: 'default',
  mtls: 'strict',
  services: [{ name: 'edge-app', port: 8080, serviceAccount: 'edge-app', role: 'server' }],
  instances: [],
  outside: false,
  calls: [],
};

const target = { kind: 'instance', name: 'edge-app-1' } as const;
const killed: readonly Action[] = [
  { do: 'kill', target },
  { do: 'start', target },
];
const disturbed: Action = {
  do: 'disturb-link',
  target: { kind: 'link', from: 'a', to: 'edge-app-1' },
  id: 'slow',
  disturbance: { kind: 'reset' },
};
const rotated: Action = { do: 'rotate-authority', target: { kind: 'authority' }, overlap: false };

const lasting = (forMs: number, ...faults: readonly (readonly Action[])[]) =>
  faults.map((actions) => ({ actions, forMs }));
const asked = (...faults: readonly (readonly Action[])[]) => lasting(40_000, ...faults);

test('what Consul does is not refused', () => {
  expect(unsupported(topology, asked(killed, [{ ...rotated, overlap: true }]))).toEqual([]);
});

test('what it cannot do is told with its place and the reason', () => {
  const services = topology.services.map((service) => ({
    ...service,
    extraPorts: [9_090],
  }));
  const wanted = {
    ...topology,
    mtls: 'permissive',
    services,
    tracing: { provider: 'spans', protocol: 'zipkin' },
  } as const;
  const found = unsupported(
    wanted,
    asked(
      killed,
      [{ do: 'issue', target, certificate: { by: 'stranger', expired: false } }],
      [rotated],
      [disturbed],
    ),
  );
  expect(found.map(({ path }) => path.join('.'))).toEqual([
    'mesh.mtls',
    'topology.services.edge-app.extraPorts',
    'mesh.tracing',
    'faults.1.kind',
    'faults.2.kind',
    'faults.3.kind',
  ]);
  for (const { message } of found) expect(message).toMatch(/^unsupported here, because .+/);
});

const gateway = (kind: 'east-west' | 'ingress') => ({
  name: 'joint',
  kind,
  port: 15_443,
  hosts: [],
  certificates: [],
});

const instance = (service: string, role: 'client' | 'server', network: string) => ({
  name: `${service}-1`,
  service,
  workload: service,
  replica: 1,
  locality: 'region1/zone-a',
  serviceAccount: service,
  labels: {},
  role,
  network,
  port: 8080,
});

test('a new authority takes half a minute', () => {
  const [found, ...others] = unsupported(topology, lasting(4_000, killed, [{ ...rotated, overlap: true }]));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ path: ['faults', 1, 'for'], hint: 'use 34s or longer' });
});

test('a sidecar that goes on for as long as it has connections is refused, one that drains is not', () => {
  const server = { ...instance('edge-app', 'server', 'east'), network: undefined };
  const life = { holdsApp: true, drainMs: 3_000, exitsWhenIdle: true };
  const stopped: readonly Action[] = [
    { do: 'stop', target },
    { do: 'start', target },
  ];
  const found = (sidecar: typeof life) =>
    unsupported({ ...topology, instances: [{ ...server, sidecar }] as never }, asked(stopped));
  expect(found({ ...life, exitsWhenIdle: false })).toEqual([]);
  expect(found(life).map(({ path }) => path.join('.'))).toEqual([
    'topology.services.edge-app.sidecar.exitsWhenIdle',
  ]);
});

test('gateways for callers from outside are refused, those between networks are not', () => {
  const instances = ['east', 'west'].map((network) => instance('edge-app', 'server', network));
  const joined = { ...topology, gateways: [gateway('east-west')] };
  expect(unsupported({ ...joined, instances }, [])).toEqual([]);
  const [refused] = unsupported({ ...joined, instances }, asked([{ ...rotated, overlap: true }]));
  expect(refused?.message).toContain('gateways between networks have certificates of their own');
  for (const { network } of instances) {
    const alone = instances.filter((each) => each.network === network);
    expect(unsupported({ ...joined, instances: alone }, [])).toMatchObject([
      { path: ['topology', 'gateways', 'joint'], at: 'key' },
    ]);
  }
  expect(unsupported({ ...topology, gateways: [gateway('ingress')] }, [])).toMatchObject([
    { path: ['topology', 'gateways', 'joint', 'kind'] },
  ]);
});

test('whoever calls a service has a replica of it in the same network: nothing else leads there at first', () => {
  const calls = [{ from: 'frontend', to: 'edge-app', port: 8080 }];
  const joined = (network: string) => ({
    ...topology,
    calls,
    instances: [instance('frontend', 'client', 'east'), instance('edge-app', 'server', network)],
  });
  expect(unsupported(joined('east'), [])).toEqual([]);
  expect(unsupported(joined('west'), [])).toMatchObject([
    { path: ['topology', 'services', 'edge-app', 'workloads'], message: expect.stringContaining('east') },
  ]);
});
