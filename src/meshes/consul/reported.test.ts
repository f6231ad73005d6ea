import { expect, test } from 'vitest';
import { ProblemsError } from '../../kit/problems.ts';
import { readConfiguration } from './configuration.ts';

const server = { port: 8080, role: 'server' } as const;
const context = {
  topology: {
    name: 'reported',
    file: 'reported.yaml',
    namespace: 'default',
    mtls: 'strict',
    services: [
      { ...server, name: 'web', serviceAccount: 'web' },
      { ...server, name: 'api', serviceAccount: 'api' },
      { ...server, name: 'events', serviceAccount: 'events', protocol: 'grpc' },
      {
        ...server,
        name: 'db',
        serviceAccount: 'db',
        port: 5432,
        portName: { text: 'tcp-db', source: 'reported.yaml:7' },
      },
      { name: 'client', serviceAccount: 'client', port: 8080, role: 'client' },
    ],
    instances: [],
    outside: false,
    calls: [],
  },
  loads: [],
  aboutHosts: [],
} as const;

function answerTo(content: string, file: string): string {
  try {
    readConfiguration([{ file, path: `/${file}`, content }], context);
    return 'sound';
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ line, message, hint }) => `${line}: ${message} (${hint})`).join('\n');
  }
}

/** What people reported of their entries, rebuilt small, and what they are told here. */
test.each([
  [
    'limits beside the protocol of the service: https://github.com/hashicorp/consul/issues/9631',
    'a.hcl',
    'Kind = "service-defaults"\nName = "web"\nProtocol = "http"\nLimits = {\n  MaxConnections = 200\n}',
    '4: unknown field "Limits" (its place is UpstreamConfig.Overrides.Limits or UpstreamConfig.Defaults.Limits)',
  ],
  [
    'a protocol that only proxy-defaults have: https://github.com/hashicorp/consul/issues/11457',
    'a.hcl',
    'Kind = "service-defaults"\nName = "web"\nMaxInboundConnections = 5',
    'without a Protocol of its own web speaks TCP, whatever proxy-defaults say',
  ],
  [
    'permissions for every service: https://github.com/hashicorp/consul/pull/10725',
    'a.hcl',
    'Kind = "service-intentions"\nName = "*"\nSources = [\n  {\n    Name = "web"\n    Permissions = [{ Action = "allow" HTTP { PathPrefix = "/" } }]\n  }\n]',
    '6: permissions are for one service',
  ],
  [
    'two shares of one service: https://github.com/hashicorp/consul/pull/8920',
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceSplitter\nmetadata: { name: web }\nspec:\n  splits:\n    - weight: 50\n      service: api\n    - weight: 50\n      service: api\n',
    '8: an earlier split leads to the same place',
  ],
  [
    'the kind in the plural: https://github.com/hashicorp/consul-k8s/issues/2015',
    'a.hcl',
    'Kind = "service-resolvers"\nName = "web"',
    '1: Consul has no kind "service-resolvers" (did you mean "service-resolver"?',
  ],
  [
    'an interval as a number: https://github.com/hashicorp/consul/pull/18532',
    'a.hcl',
    'Kind = "service-defaults"\nName = "client"\nUpstreamConfig {\n  Defaults {\n    PassiveHealthCheck {\n      interval = 10\n    }\n  }\n}',
    '6: expected a duration, got the number 10 (write it with its unit: "10s")',
  ],
  [
    'limits of calls by the names that registrations have: https://github.com/hashicorp/consul/pull/6829',
    'a.hcl',
    'Kind = "service-defaults"\nName = "client"\nUpstreamConfig {\n  Defaults {\n    limits {\n      max_connections = 3\n      max_requests = 5\n    }\n  }\n}',
    '7: unknown field "max_requests"',
  ],
  [
    'a share of the healthy hosts before a failover: https://github.com/hashicorp/consul/issues/6276',
    'a.hcl',
    'Kind = "service-resolver"\nName = "web"\nFailover {\n  "*" {\n    Service = "api"\n    healthy_threshold_percent = 50\n  }\n}',
    '6: unknown field "healthy_threshold_percent"',
  ],
  [
    'a route for the gateway of all callers: https://github.com/hashicorp/consul/issues/16454',
    'a.hcl',
    'Kind = "http-route"\nName = "web"',
    '1: a http-route is unsupported here, because the lab has no gateway for callers from outside',
  ],
  [
    'a failover to another datacenter: https://github.com/hashicorp/consul/issues/9811',
    'a.hcl',
    'Kind = "service-resolver"\nName = "web"\nFailover {\n  "*" {\n    Datacenters = ["dc2", "dc3"]\n  }\n}',
    '5: unsupported here, because a lab without networks is one datacenter, dc1',
  ],
  [
    'a failover to a peer: https://github.com/hashicorp/consul/pull/14162',
    'a.hcl',
    'Kind = "service-resolver"\nName = "web"\nFailover {\n  "*" {\n    Targets = [\n      { Datacenter = "dc1" },\n      { Peer = "cluster-02" }\n    ]\n  }\n}',
    '7: unsupported here, because a lab without networks has no peers',
  ],
  [
    'paths that are exposed, without the protocol: https://github.com/hashicorp/consul-k8s/issues/367',
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ProxyDefaults\nmetadata: { name: global }\nspec:\n  expose:\n    paths:\n      - path: /metrics\n        localPathPort: 8080\n        listenerPort: 9201\n',
    'sound',
  ],
  [
    'an intention for every peer: https://github.com/hashicorp/consul/issues/15880',
    'a.hcl',
    'Kind = "service-intentions"\nName = "web"\nSources = [\n  {\n    Name = "client"\n    Peer = "*"\n    Action = "allow"\n  }\n]',
    '6: unsupported here, because a lab without networks has no peers',
  ],
  [
    'the name that a consumer had before 1.14: https://github.com/hashicorp/consul/pull/15416',
    'a.hcl',
    'Kind = "exported-services"\nName = "default"\nServices = [\n  {\n    Name = "web"\n    Consumers = [{ PeerName = "west" }]\n  }\n]',
    '6: unknown field "PeerName" (did you mean "Peer"?)',
  ],
  [
    'the same of a custom resource: https://github.com/hashicorp/consul-k8s/pull/1273',
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ExportedServices\nmetadata: { name: default }\nspec:\n  services:\n    - name: web\n      consumers:\n        - peerName: west\n',
    '8: unknown field "peerName" (did you mean "peer"?)',
  ],
  [
    'routes to services that speak otherwise: https://github.com/hashicorp/consul/issues/11009',
    'a.hcl',
    'Kind = "service-router"\nName = "web"\nRoutes = [\n  { Destination { Service = "api" } },\n  { Destination { Service = "events" } }\n]',
    '5: web speaks http, and events speaks grpc: Consul refuses what leads from one protocol to another',
  ],
  [
    'a share for a service of TCP: https://support.hashicorp.com/hc/en-us/articles/27088163888915',
    'a.hcl',
    'Kind = "service-splitter"\nName = "web"\nSplits = [\n  { Weight = 90 },\n  { Weight = 10, Service = "db" }\n]',
    '5: web speaks http, and db speaks tcp: Consul refuses',
  ],
  [
    'permissions of a service of TCP: https://github.com/hashicorp/consul/pull/8839',
    'a.hcl',
    'Kind = "service-intentions"\nName = "db"\nSources = [\n  {\n    Name = "client"\n    Permissions = [{ Action = "allow" HTTP { PathPrefix = "/" } }]\n  }\n]',
    '6: permissions are for requests, and the port of db is called tcp-db',
  ],
  [
    'callers that take TCP for HTTP: https://github.com/zextras/carbonio-mailbox/pull/839',
    'a.hcl',
    'Kind = "service-defaults"\nName = "client"\nUpstreamConfig {\n  Overrides = [\n    { Name = "db", Protocol = "http" }\n  ]\n}',
    '5: callers would take connections of db for requests, and its port is named as one of bytes',
  ],
  [
    'times between retries: https://github.com/hashicorp/consul/issues/10851',
    'a.hcl',
    'Kind = "service-router"\nName = "web"\nRoutes = [\n  {\n    Destination {\n      NumRetries = 2\n      RetryOnStatusCodes = [500]\n      RetryDelay = "100ms"\n    }\n  }\n]',
    '8: unknown field "RetryDelay" (allowed: Service,',
  ],
  [
    'a time limit that is switched off: https://github.com/hashicorp/consul/pull/19992',
    'a.hcl',
    'Kind = "service-router"\nName = "web"\nRoutes = [\n  { Destination { RequestTimeout = "-1s" } }\n]',
    '4: expected a duration, got the text "-1s" (that one below 0 switches a time limit off came with a later Consul than 1.16',
  ],
  [
    'quotes of a word processor: https://github.com/hashicorp/consul/pull/18950',
    'a.hcl',
    'Name = "global"\nKind = \u201Cproxy-defaults\u201D',
    '2: expected a value, got \u201Cproxy-defaults\u201D; text stands in quotes',
  ],
  [
    'a rewrite of no prefix: https://github.com/hashicorp/consul/issues/11000',
    'a.hcl',
    'Kind = "service-router"\nName = "web"\nRoutes = [\n  { Match { HTTP { PathPrefix = "/web" } } Destination { PrefixRewrite = "" } }\n]',
    'sound',
  ],
  [
    'a split to what is in a peer: https://github.com/hashicorp/consul/pull/14794',
    'a.hcl',
    'Kind = "service-splitter"\nName = "web"\nSplits = [\n  { Weight = 50 },\n  { Weight = 50, Service = "api", Peer = "west" }\n]',
    '5: unknown field "Peer" (its place is',
  ],
  [
    'requests that take longer than a connection may: https://github.com/hashicorp/consul-k8s/issues/1021',
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\nmetadata: { name: client }\nspec:\n  protocol: http\n  upstreamConfig:\n    defaults:\n      connectTimeoutMs: 60000\n      limits: { maxConnections: 10 }\n',
    'sound',
  ],
  [
    'paths in a permission itself: https://tutorials.dodatech.com/quick-fix/consul-intention-allow/',
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\nmetadata: { name: allow }\nspec:\n  destination: { name: web }\n  sources:\n    - name: client\n      permissions:\n        - action: allow\n          methods: [GET]\n',
    '10: unknown field "methods" (its place is sources.permissions.http.methods)',
  ],
])('%s', (_, file, text, told) => {
  expect(answerTo(text, file)).toContain(told);
});
