import { expect, test } from 'vitest';
import { configurationContext } from '../../plan/configuration-context.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { readConfiguration } from './configuration.ts';

const at = (name: string) => ({ name, locality: 'region1/east' });

const context = configurationContext(
  planScenario(
    loadedScenario({
      name: 'example',
      description: 'An edge.',
      topology: {
        services: { shop: { workloads: [at('shop')] }, visitors: { workloads: [at('visitors')] } },
        gateways: {
          edge: {
            kind: 'ingress',
            hosts: ['shop.example.com'],
            certificates: { 'shop-cert': ['shop.example.com'] },
            workloads: [at('edge')],
          },
        },
      },
      load: { from: 'visitors', to: 'shop.example.com', rate: '10/s', duration: '20s' },
      checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
    }),
  ),
);

function problems(...contents: readonly string[]): string {
  try {
    readConfiguration([{ file: 'mesh.yaml', path: '/mesh.yaml', content: contents.join('---\n') }], context);
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

const gateway = (server: string, selector = 'istio: ingressgateway') => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop-gateway}
spec:
  selector: {${selector}}
  servers:
    - port: {number: 8443, name: https, protocol: HTTPS}
      hosts: [shop.example.com]
${server}`;
const withTls = (tls: string) => gateway(`      tls: {${tls}}\n`);
const sound = withTls('mode: SIMPLE, credentialName: shop-cert');

const routes = (gateways: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routes}
spec:
  hosts: [shop.example.com]
  gateways: [${gateways}]
  http: [{route: [{destination: {host: shop}}]}]
`;

test('a Gateway with a certificate of the topology, and what is bound to it, are sound', () => {
  expect(problems(sound, routes('shop-gateway'))).toBe('none');
  expect(problems(sound, routes('default/shop-gateway, mesh'))).toBe('none');
});

test.each<[string, readonly string[], string]>([
  [
    'a certificate that no gateway has',
    [withTls('mode: SIMPLE, credentialName: shop-crt')],
    'spec.servers.0.tls.credentialName: no gateway of the topology has a certificate "shop-crt"\n  did you mean "shop-cert"?',
  ],
  [
    'certificates of clients',
    [withTls('mode: MUTUAL, credentialName: shop-cert')],
    'spec.servers.0.tls.mode: clients outside the mesh have no certificates to show',
  ],
  [
    'files of a container',
    [withTls('mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key')],
    'spec.servers.0.tls.serverCertificate: this is a file of a container',
  ],
  [
    'an address of its own',
    [gateway('      bind: 10.0.0.1\n      tls: {mode: SIMPLE, credentialName: shop-cert}\n')],
    'spec.servers.0.bind: every gateway of the topology listens on an address of its own',
  ],
  [
    'routes of a Gateway that is not there',
    [sound, routes('shop-gatway')],
    'spec.gateways.0: there is no Gateway "shop-gatway"\n  did you mean shop-gateway?',
  ],
  [
    'routes of a Gateway where there is none',
    [routes('shop-gateway')],
    'spec.gateways.0: there is no Gateway "shop-gateway"\n  there is none at all; add one',
  ],
  [
    'a rule for how a host is called',
    [
      'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: rule}\nspec: {host: shop.example.com}\n',
    ],
    'spec.host: "shop.example.com" is called from outside the mesh, where no DestinationRule holds',
  ],
  [
    'an entry for a host',
    [
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: entry}\nspec: {hosts: [shop.example.com], ports: [{number: 8443, name: http, protocol: HTTP}], resolution: NONE}\n',
    ],
    'shop.example.com is a service of the topology',
  ],
  [
    'what would hold for clients outside the mesh',
    [
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: routes, namespace: breakwater-outside}\nspec: {hosts: [shop.example.com], http: [{timeout: 1s, route: [{destination: {host: shop.example.com}}]}]}\n',
    ],
    'metadata.namespace: the namespace breakwater-outside is for clients outside the mesh',
  ],
  [
    'routes to a service that is not there',
    [sound, routes('shop-gateway').replace('host: shop}', 'host: shap}')],
    'there is no service "shap" in the topology',
  ],
])('%s: refused, at its line', (_, contents, said) => {
  const found = problems(...contents);
  expect(found.replaceAll(/^mesh\.yaml:\d+:\d+: /gm, '')).toContain(said);
  expect(found).toMatch(/mesh\.yaml:\d+:\d+/);
});

test('what another proxy of a cluster is for is nobody’s mistake here', () => {
  expect(problems(gateway('      tls: {mode: SIMPLE, credentialName: other}\n', 'app: another'))).toBe(
    'none',
  );
});

test('a port of the Service before a gateway is refused, with the one that the gateway listens on', () => {
  const said = problems(sound.replace('8443', '443'), routes('shop-gateway'));
  expect(said).toContain('mesh.yaml:7:22: spec.servers.0.port.number: ports below 1024 are for root');
  expect(said).toContain('write that one: 8443');
});
