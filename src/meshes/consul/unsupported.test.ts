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
const rotated: Action = { do: 'rotate-authority', target: { kind: 'authority' }, overlap: true };

test('what Consul does is not refused', () => {
  expect(unsupported(topology, [killed])).toEqual([]);
});

test('what it cannot do is told with its place and the reason', () => {
  const services = topology.services.map((service) => ({
    ...service,
    extraPorts: [9_090],
    portName: { text: 'tcp-bytes', source: 'portName' },
  }));
  const asked = {
    ...topology,
    mtls: 'permissive',
    services,
    tracing: { provider: 'spans', protocol: 'zipkin' },
  } as const;
  const found = unsupported(asked, [
    killed,
    [{ do: 'issue', target, certificate: { by: 'stranger', expired: false } }],
    [rotated],
    [disturbed],
  ]);
  expect(found.map(({ path }) => path.join('.'))).toEqual([
    'mesh.mtls',
    'topology.services.edge-app.extraPorts',
    'mesh.tracing',
    'topology.services.edge-app.portName',
    'faults.1.kind',
    'faults.2.kind',
    'faults.3.kind',
  ]);
  for (const { message } of found) expect(message).toMatch(/^unsupported here, because .+/);
});

test('gateways are refused, those between networks too, which nobody calls by a name', () => {
  for (const kind of ['east-west', 'ingress'] as const) {
    const gateways = [{ name: 'joint', kind, port: 15_443, hosts: [], certificates: [] }];
    expect(unsupported({ ...topology, gateways }, [])).toMatchObject([
      { path: ['topology', 'gateways'], at: 'key' },
    ]);
  }
});
