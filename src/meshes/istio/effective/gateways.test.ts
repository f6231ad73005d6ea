import { expect, test } from 'vitest';
import {
  effectiveTables,
  reasonOfCheck,
  reasonOfRequests,
  renderTable,
  textOfReason,
} from '../../../effective/index.ts';
import type { Sidecar } from '../../../model/effective.ts';
import { calledFrom } from '../../../model/topology.ts';
import { parseConfiguration } from '../configuration-resources.ts';
import { readEffective } from './index.ts';
import { recorded, recording } from './testing/recordings.ts';

const gatewayOf = (name: string): Sidecar => {
  const found = recorded(name).sidecars.find(({ gateway }) => gateway !== undefined);
  if (found === undefined) throw new Error(`no gateway in ${name}`);
  return found;
};

/** "spec.selector.istio 6: why" of all that a gateway makes nothing of. */
const unused = (name: string) =>
  gatewayOf(name)
    .unused.filter(({ about }) => about === 'gateway')
    .map(({ setting, why }) => `${setting.path} ${setting.line}: ${why}`);

test('a gateway between networks passes on every service, by the server of a Gateway', () => {
  const { gateway } = gatewayOf('networks-joined');
  expect(gateway).toMatchObject({ kind: 'east-west', port: 15_443, listens: true });
  expect(gateway?.passes).toMatchObject([
    { service: 'edge-app', port: 8_080, from: { by: 'setting', path: 'spec.servers[0]', line: 10 } },
  ]);
  expect(unused('networks-joined')).toEqual([]);
});

test.each<[string, string]>([
  [
    'networks-where-tls-ends',
    'spec.servers[0].tls.mode 15: TLS ends there and nothing routes it; between networks it has to pass through, which is AUTO_PASSTHROUGH',
  ],
  [
    'networks-with-another-label',
    'spec.selector.istio 8: it selects proxies with istio=eastwest, and eastwest has istio=eastwestgateway',
  ],
  [
    'networks-with-other-hosts',
    'spec.servers[0].hosts[0] 17: no service in the network west has such a name: there is edge-app.default.svc.cluster.local',
  ],
  [
    'edge-of-another-host',
    'spec.servers[0].hosts[0] 18: nobody asks for it: clients of edge call shop.example.com, admin.example.com',
  ],
  [
    'edge-with-routes-of-another-host',
    'spec.hosts[0] 35: its gateway takes shop.example.com, admin.example.com',
  ],
  [
    'edge-with-routes-of-the-mesh',
    'spec.hosts[0] 35: it is for calls inside the mesh, since it names no gateway',
  ],
])('%s: what is of no effect is told with why', (name, said) => {
  expect(unused(name)).toContain(said);
});

const across = { client: 'frontend-1', service: 'edge-app' } as const;

test.each(['networks-where-tls-ends', 'networks-with-another-label', 'networks-with-other-hosts'])(
  '%s: that a service is not reached through it is the reason of requests and of checks',
  (name) => {
    const configuration = recorded(name);
    const atGateway = { ...across, ended: 'connect', side: 'client', server: 'gateway-west-1' } as const;
    const ofRequests = reasonOfRequests(configuration, atGateway);
    const gone = reasonOfRequests(configuration, { ...across, ended: 'no-host', side: 'client' });
    const ofCheck = reasonOfCheck(configuration, { ...across, expected: 'failover' });
    for (const reason of [ofRequests, gone, ofCheck]) {
      expect(reason).toMatchObject({ known: true, instead: [{ about: 'gateway' }] });
      expect(textOfReason(reason)?.cause).toMatch(
        /^edge-app in the network west is reached through the gateway eastwest alone, which /,
      );
    }
  },
);

test('a gateway that takes connections is no reason', () => {
  const configuration = recorded('networks-joined');
  const reason = reasonOfRequests(configuration, { ...across, ended: 'no-host', side: 'client' });
  expect(JSON.stringify(reason)).not.toContain('gateway');
});

test('an edge has its hosts with their certificates, and their routes, each with its line', () => {
  const { gateway, hosts } = gatewayOf('edge-of-two-hosts');
  expect(
    gateway?.takes
      .map(({ names, certificate }) => [...names, certificate?.name.value, ...(certificate?.hosts ?? [])])
      .toSorted(),
  ).toEqual([
    ['admin.example.com', 'admin-cert', 'admin.example.com'],
    ['shop.example.com', 'shop-cert', 'shop.example.com'],
  ]);
  const shop = hosts.find(({ domains }) => domains.includes('shop.example.com'));
  expect(shop?.routes.map(({ from }) => from)).toMatchObject([
    { by: 'setting', path: 'spec.http[0]' },
    { by: 'setting', path: 'spec.http[1]' },
  ]);
  expect(unused('edge-of-two-hosts')).toEqual([]);
});

const atEdge = {
  client: 'shoppers-1',
  service: 'shop.example.com',
  server: 'edge-1',
  request: { method: 'GET', path: '/shop', headers: {}, authority: 'shop.example.com:8443' },
} as const;

test.each<[string, object, string, string]>([
  [
    'edge-of-another-host',
    { ended: 'connect', side: 'client' },
    'The gateway edge takes no connection that asks for shop.example.com.',
    'Gateway/edge-gateway spec.servers[0].hosts[0] is not in effect: nobody asks for it',
  ],
  [
    'edge-with-another-certificate',
    { ended: 'tls', side: 'client' },
    'Clients refuse the certificate that the gateway edge shows for shop.example.com: it is for admin.example.com.',
    'Gateway/edge-gateway spec.servers[0].tls.credentialName: admin-cert',
  ],
  [
    'edge-with-routes-of-another-host',
    { ended: 'no-route', side: 'server', status: 404 },
    'The gateway edge has no route for shop.example.com.',
    'VirtualService/shop spec.hosts[0] is not in effect: its gateway takes',
  ],
  [
    'edge-of-two-hosts',
    { ended: 'no-route', side: 'server', status: 404, request: { ...atEdge.request, path: '/admin' } },
    'No route of the gateway edge for shop.example.com takes GET /admin: there is none for what is left over.',
    'VirtualService/shop spec.http[0]: /catalog*',
  ],
])('%s: %j', (name, question, cause, setting) => {
  const reason = reasonOfRequests(recorded(name), { ...atEdge, ...question } as never);
  const told = textOfReason(reason);
  expect(told?.cause).toBe(cause);
  expect(told?.setting).toContain(setting);
});

test('what gateways hold is shown as text', () => {
  const text = (name: string) => {
    const configuration = recorded(name);
    const plain = (each: string) => each;
    return effectiveTables(configuration.sidecars, configuration, calledFrom(recording(name).topology))
      .map((table) => renderTable(table, { title: plain, heading: plain, setting: plain, faint: plain }))
      .join('\n');
  };
  expect(text('networks-joined')).toMatch(
    /gateway-west \(region2\/zone-west\): connections into the network west\n {2}port 15443, passed on by the name that TLS asks for\n {4}edge-app:8080 +mTLS as it is +mesh\.yaml:10/,
  );
  expect(text('networks-where-tls-ends')).toContain('none, it does not listen there');
  const edge = text('edge-of-two-hosts');
  expect(edge).toMatch(
    /shop\.example\.com +TLS +mesh\.yaml:10\n +certificate +shop-cert, for shop\.example\.com +mesh\.yaml:16/,
  );
  expect(edge).toMatch(/routes of shop\.example\.com/);
  expect(edge).toMatch(/\/catalog\* +→ catalog:8080/);
});

/** What the gateway of two hosts makes nothing of where this is written as well. */
function unusedBeside(yaml: string): readonly string[] {
  const { topology, answers, resources } = recording('edge-of-two-hosts');
  const file = { file: 'more.yaml', path: '/more.yaml', content: yaml };
  const more = parseConfiguration([file], topology.namespace).resources;
  const { sidecars } = readEffective(new Map(Object.entries(answers)), topology, [...resources, ...more]);
  const edge = sidecars.find(({ gateway }) => gateway !== undefined);
  return (edge?.unused ?? []).map(({ setting, why }) => `${setting.file}:${setting.line} ${why}`);
}

test('of two servers with the same hosts the one that the gateway does not have is not in effect', () => {
  const second = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: second }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 8443, name: https, protocol: HTTPS }
      tls: { mode: SIMPLE, credentialName: admin-cert }
      hosts: [shop.example.com]
`;
  expect(unusedBeside(second)).toEqual([
    expect.stringMatching(
      /^more\.yaml:9 Gateway\/edge-gateway \(mesh\.yaml:\d+\) has the same hosts on this port, and of such servers Istio takes the first$/,
    ),
  ]);
});

test('routes of TLS are not in effect where TLS ends', () => {
  const ofTls = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: by-name }
spec:
  hosts: [shop.example.com]
  gateways: [edge-gateway]
  tls:
    - match: [{ port: 8443, sniHosts: [shop.example.com] }]
      route: [{ destination: { host: shop } }]
`;
  expect(unusedBeside(ofTls)).toEqual(['more.yaml:8 TLS ends at its gateway, where the http routes count']);
});
