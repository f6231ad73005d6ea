import { type Planted, plantedFile } from './planted.ts';

/** A mistake in a Gateway, or in what one leads to. */
export type PlantedGateway = Planted<'multi-cluster' | 'ingress'>;

/** As it stands in a common example of a gateway between clusters. */
const endsTls = `apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata:
  name: cross-cluster-gateway
spec:
  selector:
    istio: eastwestgateway
  servers:
  - port:
      number: 15443
      name: tls
      protocol: TLS
    tls:
      mode: ISTIO_MUTUAL
    hosts:
    - "*.local"
---
`;

const planted = (name: string, change: (text: string) => string) => (folder: string) => [
  '--config',
  plantedFile(folder, name, change),
];

export const plantedGateways: readonly PlantedGateway[] = [
  {
    name: 'TLS ends at the gateway between two networks, as in a common example',
    scenario: 'multi-cluster',
    fails: 'time-to-fail-over',
    args: planted('multi-cluster.yaml', (text) => text.replace(/^apiVersion[\s\S]*?---\n/m, endsTls)),
    names:
      /^Gateway\/cross-cluster-gateway spec\.servers\[0\]\.tls\.mode is not in effect: TLS ends there and nothing routes it/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a label that selects no gateway',
    scenario: 'multi-cluster',
    fails: 'time-to-fail-over',
    args: planted('multi-cluster.yaml', (text) => text.replace('istio: eastwestgateway', 'istio: eastwest')),
    names:
      /^Gateway\/cross-network-gateway spec\.selector\.istio is not in effect: it selects proxies with istio=eastwest, and eastwest has istio=eastwestgateway/,
    source: /planted\.yaml:9$/,
  },
  {
    name: 'hosts of a gateway that no service has',
    scenario: 'multi-cluster',
    fails: 'time-to-fail-over',
    args: planted('multi-cluster.yaml', (text) => text.replace('"*.local"', '"*.global"')),
    names:
      /^Gateway\/cross-network-gateway spec\.servers\[0\]\.hosts\[0\] is not in effect: no service in the network west has such a name/,
    source: /planted\.yaml:18$/,
  },
  {
    name: 'without outlierDetection, and so without failover between networks',
    scenario: 'multi-cluster',
    fails: 'share',
    args: planted('multi-cluster.yaml', (text) => text.replace(/ {4}outlierDetection:\n(?: {6}.*\n)+/, '')),
    names: /without outlierDetection Istio does not fail over$/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a host of the gateway that nobody asks for',
    scenario: 'ingress',
    fails: 'success-rate',
    args: planted('ingress.yaml', (text) =>
      text.replace('        - shop.example.com', '        - shop.example.org'),
    ),
    names:
      /^Gateway\/edge-gateway spec\.servers\[0\]\.hosts\[0\] is not in effect: nobody asks for it: clients of edge call shop\.example\.com, admin\.example\.com/,
    source: /planted\.yaml:18$/,
  },
  {
    name: 'a host of the routes that the gateway does not take',
    scenario: 'ingress',
    fails: 'success-rate',
    args: planted('ingress.yaml', (text) =>
      text.replace('\n    - shop.example.com', '\n    - shop.example.org'),
    ),
    names:
      /^VirtualService\/shop spec\.hosts\[0\] is not in effect: its gateway takes shop\.example\.com, admin\.example\.com/,
    source: /planted\.yaml:36$/,
  },
  {
    name: 'the certificate of another host',
    scenario: 'ingress',
    fails: 'success-rate',
    args: planted('ingress.yaml', (text) =>
      text.replace('credentialName: shop-cert', 'credentialName: admin-cert'),
    ),
    names: /^Gateway\/edge-gateway spec\.servers\[0\]\.tls\.credentialName: admin-cert$/,
    source: /planted\.yaml:16$/,
  },
];
