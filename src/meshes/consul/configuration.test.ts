import { expect, test } from 'vitest';
import { ProblemsError } from '../../kit/problems.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { lintConfiguration, readChanges, readConfiguration } from './configuration.ts';

const server = { port: 8080, role: 'server' } as const;
const topology: TopologyPlan = {
  name: 'shop',
  file: 'shop.yaml',
  namespace: 'default',
  mtls: 'strict',
  services: [
    { ...server, name: 'edge-app', serviceAccount: 'edge-app' },
    { ...server, name: 'cart', serviceAccount: 'cart' },
    {
      ...server,
      name: 'queue',
      serviceAccount: 'queue',
      portName: { text: 'tcp-queue', source: 'shop.yaml:9' },
    },
    { name: 'frontend', serviceAccount: 'frontend', port: 8080, role: 'client' },
  ],
  instances: [],
  outside: false,
  calls: [{ from: 'frontend', to: 'edge-app', port: 8080 }],
};
const context = { topology, loads: [], aboutHosts: [] };

const fileOf = (content: string, file = 'a.hcl') => ({ file, path: `/${file}`, content });

function problemsIn(...files: readonly (readonly [string, string?])[]): readonly string[] {
  try {
    readConfiguration(
      files.map(([content, file]) => fileOf(content, file)),
      context,
    );
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ line, path = '', message, hint = '' }) =>
      [line, path, message, hint].filter(Boolean).join(' | '),
    );
  }
}

const limits = (inner: string, name = 'frontend') => `Kind = "service-defaults"
Name = "${name}"
UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
${inner}
    }
  ]
}
`;

test('an entry says the same in HCL, in JSON and as a custom resource, in whatever spelling Consul takes', () => {
  const texts = [
    [limits('Limits { MaxConnections = 3 }'), 'a.hcl'],
    [
      'kind = "service-defaults"\nname = "frontend"\nupstream_config { overrides { name = "edge-app" limits { max_connections = 3 } } }',
      'b.hcl',
    ],
    [
      '{"Kind":"service-defaults","Name":"frontend","UpstreamConfig":{"Overrides":[{"Name":"edge-app","Limits":{"MaxConnections":3}}]}}',
      'c.json',
    ],
    [
      'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\nmetadata: { name: frontend }\nspec:\n  upstreamConfig:\n    overrides:\n      - name: edge-app\n        limits: { maxConnections: 3 }\n',
      'd.yaml',
    ],
  ] as const;
  for (const [text, file] of texts) {
    const [entry] = readConfiguration([fileOf(text, file)], context);
    expect(entry).toMatchObject({ kind: 'service-defaults', namespace: 'default', name: 'frontend', file });
    expect(entry?.value).toEqual({
      Kind: 'service-defaults',
      Name: 'frontend',
      UpstreamConfig: { Overrides: [{ Name: 'edge-app', Limits: { MaxConnections: 3 } }] },
    });
  }
  const [last] = readConfiguration([fileOf(texts[3][0], texts[3][1])], context);
  expect(last?.lineOf(['UpstreamConfig', 'Overrides', 0, 'Limits', 'MaxConnections'])).toBe(8);
  expect(last?.lineOf(['UpstreamConfig', 'Overrides', 0, 'PassiveHealthCheck'])).toBe(7);
});

test('intentions as a custom resource are for the service that they name as their destination', () => {
  const text = `apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceIntentions
metadata: { name: anything }
spec:
  destination: { name: edge-app }
  sources:
    - { name: frontend, action: deny }
`;
  const [entry] = readConfiguration([fileOf(text, 'a.yaml')], context);
  expect(entry?.value).toEqual({
    Kind: 'service-intentions',
    Name: 'edge-app',
    Sources: [{ Name: 'frontend', Action: 'deny' }],
  });
});

test.each([
  ['', ['1 | there is no configuration entry in this file']],
  ['Name = "frontend"', [expect.stringContaining('a configuration entry has a Kind')]],
  ['Kind = "service-default"\nName = "x"', [expect.stringContaining('did you mean "service-defaults"?')]],
  [
    'Kind = "ingress-gateway"\nName = "x"',
    [expect.stringContaining('unsupported here, because the lab has no gateway')],
  ],
  ['Kind = "service-defaults"', ['1 | Name | missing; this field is needed']],
  [
    limits('Limits { MaxConnection = 3 }'),
    [expect.stringMatching(/^7 \| .*unknown field "MaxConnection" \| did you mean "MaxConnections"\?/)],
  ],
  [
    limits('MaxConnections = 3'),
    [
      '7 | UpstreamConfig.Overrides.0.MaxConnections | unknown field "MaxConnections" | its place is UpstreamConfig.Overrides.Limits.MaxConnections or UpstreamConfig.Defaults.Limits.MaxConnections',
    ],
  ],
  [
    limits('OutlierDetection { Interval = "1s" }'),
    [expect.stringContaining('unknown field "OutlierDetection"')],
  ],
  [
    limits('PassiveHealthCheck { Interval = 1 }'),
    [expect.stringContaining('expected a duration, got the number 1 | write it with its unit: "1s"')],
  ],
  [
    limits('PassiveHealthCheck { MaxEjectionPercent = 150 }'),
    [expect.stringContaining('expected at most 100, got 150')],
  ],
  [limits('Limits { MaxConnections = 1.5 }'), [expect.stringContaining('expected a whole number')]],
  [limits('Limits = 3'), [expect.stringContaining('expected a map, got the number 3')]],
  [
    'Kind = "service-defaults"\nName = "edge-app"\nProtocol = "HTTP"',
    [expect.stringContaining('expected one of tcp, http, http2, grpc; got "HTTP" | did you mean http?')],
  ],
  [
    'Kind = "service-defaults"\nName = "edge-app"\nRateLimits {}',
    ['3 | RateLimits | unsupported here, because RateLimits is in Consul Enterprise only'],
  ],
  [
    'Kind = "service-resolver"\nName = "edge-app"\nPrioritizeByLocality { Mode = "failover" }',
    [expect.stringContaining('PrioritizeByLocality is in Consul Enterprise only')],
  ],
  [
    'Kind = "service-defaults"\nName = "edge-ap"',
    [
      '2 | Name | the topology has no service "edge-ap", so nothing comes of this service-defaults | did you mean edge-app?',
    ],
  ],
  [
    limits('Limits {}').replace('Name = "edge-app"', 'Name = "edge"'),
    [expect.stringContaining('the topology has no service "edge" that could be called')],
  ],
  [
    'Kind = "service-defaults"\nName = "frontend"\nUpstreamConfig { Overrides { Limits {} } }',
    [expect.stringContaining('an override has the Name of the service that it is for')],
  ],
  [
    'Kind = "service-splitter"\nName = "edge-app"\nSplits = [{ Weight = 90 }, { Weight = 20 Service = "cart" }]',
    ['3 | Splits | the weights come to 110, and have to come to 100'],
  ],
  [
    'Kind = "service-splitter"\nName = "edge-app"\nSplits = [{ Weight = 100 ServiceSubset = "v2" }]',
    [
      expect.stringContaining(
        'edge-app has no subset "v2" | a service-resolver for edge-app says in Subsets',
      ),
    ],
  ],
  [
    'Kind = "service-router"\nName = "edge-app"\nRoutes = [{ Destination { Service = "carts" } }]',
    [expect.stringContaining('the topology has no service "carts" | did you mean cart?')],
  ],
  [
    'Kind = "service-router"\nName = "edge-app"\nRoutes = [{ Match { Header = [] } Destination {} }]',
    [expect.stringContaining('unknown field "Header" | its place is Routes.Match.HTTP.Header')],
  ],
  [
    'Kind = "service-router"\nName = "edge-app"\nRoutes = [{ Destination { RetryOn = ["5XX"] } }]',
    [expect.stringContaining('got "5XX" | did you mean 5xx?')],
  ],
  [
    'Kind = "service-intentions"\nName = "edge-app"\nSources = [{ Name = "web" Action = "allow" }]',
    [expect.stringContaining('the topology has no service "web" that could call')],
  ],
  [
    'Kind = "proxy-defaults"\nName = "default"',
    [expect.stringContaining('the name of a proxy-defaults is global')],
  ],
  ['Kind = "service-defaults"\nName = ""\nProtocol = "http"', ['2 | Name | empty; this field is needed']],
  [
    'Kind = "service-defaults"\nName = "edge-app"\nNamespace = "shop"\nProtocol = "http"',
    [expect.stringContaining('namespaces other than default are in Consul Enterprise only; got "shop"')],
  ],
  ['Kind = "toString"\nName = "edge-app"', [expect.stringContaining('Consul has no kind "toString"')]],
  ['Kind = "mesh"\nName = "mesh"', ['2 | Name | unknown field "Name"']],
  [
    'config_entries {\n  bootstrap = [{ Kind = "mesh" }]\n}',
    [expect.stringContaining('1 | config_entries | this is configuration of an agent')],
  ],
  [limits('Limits { MaxConnections = -1 }'), [expect.stringContaining('expected at least 0, got -1')]],
  [
    limits('Limits { MaxConnections = 5000000000 }'),
    [expect.stringContaining('expected at most 4294967295, got 5000000000')],
  ],
  [
    limits('Limits { MaxConnections = 1 }\nLimits { MaxConnections = 2 }'),
    [expect.stringContaining('several blocks of one name are a list')],
  ],
  [
    limits('Protocol = "tcp"'),
    [expect.stringMatching(/^7 \| .*callers would take requests for connections of TCP/)],
  ],
  [
    limits('EnvoyClusterJSON = "{name"'),
    [expect.stringMatching(/^7 \| .*expected JSON in this text, and it is none/)],
  ],
  [
    limits('}, {\nName = "edge-app"'),
    [expect.stringMatching(/^8 \| .*an earlier override is for edge-app as well/)],
  ],
  [
    limits('').replace('"edge-app"', '"*"'),
    [expect.stringMatching(/^6 \| .*an override is for one service/)],
  ],
  [
    'Kind = "service-router"\nName = "edge-app"\nRoutes = [{ Match { HTTP { PathRegex = "/(?!admin).*" } } }]',
    [
      expect.stringMatching(
        /^3 \| Routes\.0\.Match\.HTTP\.PathRegex \| sidecars refuse this regular expression/,
      ),
    ],
  ],
  [
    'Kind = "service-intentions"\nName = "edge-app"\nSources = [{ Name = "frontend" Permissions = [{ Action = "deny" HTTP { Header = [{ Name = "x" Regex = "[a" }] } }] }]',
    [expect.stringContaining('sidecars refuse this regular expression: unterminated character class')],
  ],
  [
    'Kind = "service-resolver"\nName = "edge-app"\nSubsets {\n  v1 {\n    Filter = "Service.Labels.version == v1"\n  }\n}',
    [expect.stringMatching(/^5 \| .*hosts have nothing that is called "Service\.Labels\.version"/)],
  ],
  [
    'Kind = "service-resolver"\nName = "edge-app"\nSubsets { v1 { Filter = "\\"Big.One\\" in Service.Tags and Node.Meta.rack != R.1" } }',
    [],
  ],
  [
    'Kind = "service-resolver"\nName = "edge-app"\nRedirect { Service = "edge-app" }',
    [expect.stringContaining('this redirect leads back to where it began: edge-app → edge-app')],
  ],
  [
    'Kind = "service-resolver"\nName = "edge-app"\nFailover { "*" { Service = "edge-app" } }',
    [expect.stringContaining('this failover leads to the very hosts that it is for')],
  ],
  [
    'Kind = "service-defaults"\nName = "frontend',
    [expect.stringContaining('this text has no end on its line')],
  ],
])('%j has one right answer', (text, problems) => {
  expect(problemsIn([text])).toEqual(problems);
});

test('what is missing in a custom resource is spelt as there, and what was meant is not missing', () => {
  const text = (permission: string) => `apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceIntentions
metadata: { name: anything }
spec:
  destination: { name: edge-app }
  sources:
    - { name: frontend, permissions: [{ ${permission} }] }
`;
  expect(problemsIn([text('http: { pathPrefix: / }'), 'a.yaml'])).toEqual([
    '7 | spec.sources.0.permissions.0.action | missing; this field is needed',
  ]);
  expect(problemsIn([text('actions: deny, http: { pathPrefix: / }'), 'a.yaml'])).toEqual([
    '7 | spec.sources.0.permissions.0.actions | unknown field "actions" | did you mean "action"?',
  ]);
});

test('what is wrong in a block of the author’s own names has its own line', () => {
  const proxy =
    'Kind = "proxy-defaults"\nName = "global"\nConfig {\n  local_connect_timeout_ms = 3\n  protocol = "tcp"\n}';
  expect(problemsIn([proxy])).toEqual([expect.stringMatching(/^5 \| Config\.protocol \| /)]);
});

test('what leads from one service to another stays with one protocol', () => {
  const resolver = (name: string, body: string) => `Kind = "service-resolver"\nName = "${name}"\n${body}`;
  const odd = 'Consul refuses what leads from one protocol to another';
  for (const body of ['Redirect { Service = "queue" }', 'Failover { "*" { Service = "queue" } }']) {
    expect(problemsIn([resolver('edge-app', body)])).toEqual([
      expect.stringContaining(`edge-app speaks http, and queue speaks tcp: ${odd}`),
    ]);
  }
  const http2 = 'Kind = "service-defaults"\nName = "cart"\nProtocol = "http2"';
  const redirect = resolver('edge-app', 'Redirect { Service = "cart" }');
  expect(problemsIn([redirect, 'r.hcl'], [http2, 'd.hcl'])).toEqual([
    expect.stringContaining(`edge-app speaks http, and cart speaks http2: ${odd}`),
  ]);
  const both = http2.replace('cart', 'edge-app');
  expect(problemsIn([redirect, 'r.hcl'], [http2, 'd.hcl'], [both, 'e.hcl'])).toEqual([]);
});

test('callers speak what the service does, be it of bytes', () => {
  const override = (service: string, protocol: string) =>
    problemsIn([
      `Kind = "service-defaults"\nName = "frontend"\nUpstreamConfig {\n  Overrides = [{ Name = "${service}", Protocol = "${protocol}" }]\n}`,
    ]);
  expect(override('edge-app', 'http')).toEqual([]);
  expect(override('queue', 'tcp')).toEqual([]);
  expect(override('edge-app', 'tcp')).toEqual([expect.stringContaining('requests for connections of TCP')]);
  expect(override('queue', 'http')).toEqual([
    expect.stringMatching(/^4 \| .*callers would take connections of queue for requests/),
  ]);
});

test('entries that need each other are held against each other', () => {
  const router = 'Kind = "service-router"\nName = "edge-app"\nRoutes = [{ Destination { NumRetries = 1 } }]';
  const tcp = 'Kind = "service-defaults"\nName = "edge-app"\nProtocol = "tcp"';
  expect(problemsIn([router, 'r.hcl'])).toEqual([]);
  expect(problemsIn([router, 'r.hcl'], [tcp, 'd.hcl'])).toEqual([
    '3 | Protocol | with this Protocol edge-app speaks TCP, and a service-router for it is refused | write Protocol = "http", or http2 or grpc',
  ]);
  const bare = 'Kind = "service-defaults"\nName = "edge-app"\nMaxInboundConnections = 3';
  expect(problemsIn([bare])).toEqual([
    expect.stringContaining('without a Protocol of its own edge-app speaks TCP, whatever proxy-defaults say'),
  ]);
  expect(problemsIn([bare.replace('edge-app', 'frontend')])).toEqual([]);
  const proxy = 'Kind = "proxy-defaults"\nName = "global"\nConfig { protocol = "tcp" }';
  expect(problemsIn([proxy])).toEqual([expect.stringContaining('connections of TCP')]);
  expect(problemsIn([router, 'r.hcl'], [router, 's.hcl'])).toEqual([
    expect.stringContaining('service-router/edge-app is there already, in r.hcl:1'),
  ]);
});

test('entries that lead to each other in a circle are told once, with the way round', () => {
  const redirect = (from: string, to: string) =>
    `Kind = "service-resolver"\nName = "${from}"\nRedirect { Service = "${to}" }`;
  expect(problemsIn([redirect('edge-app', 'cart'), 'a.hcl'])).toEqual([]);
  expect(
    problemsIn([redirect('edge-app', 'cart'), 'a.hcl'], [redirect('cart', 'edge-app'), 'b.hcl']),
  ).toEqual(['3 | Redirect | this redirect leads back to where it began: edge-app → cart → edge-app']);
  const split = (from: string, to: string) =>
    `Kind = "service-splitter"\nName = "${from}"\nSplits = [{ Weight = 50 }, { Weight = 50 Service = "${to}" }]`;
  expect(problemsIn([split('edge-app', 'cart'), 'a.hcl'])).toEqual([]);
  expect(problemsIn([split('edge-app', 'cart'), 'a.hcl'], [split('cart', 'edge-app'), 'b.hcl'])).toEqual([
    '3 | Splits.1 | this split leads back to where it began: edge-app → cart → edge-app',
  ]);
});

test.each([
  [
    'a.json',
    '{"Kind":"service-defaults",\n"Name":"edge-app",}',
    '2:19 not valid JSON: expected double-quoted property name',
  ],
  ['a.json', '{"Kind":"service-defaults",\n"Name": edge }', "2:9 not valid JSON: unexpected token 'e'"],
  [
    'a.hcl',
    '{"Kind":"service-defaults" // ours\n}',
    "1:28 not valid JSON: expected ',' or '}' after property value",
  ],
  ['a.json', '{"Kind":"service-defaults"', "1:27 not valid JSON: expected ',' or '}' after property value"],
  ['a.json', '\uFEFF{}', '1:1 this file begins with a byte order mark, which Consul does not read'],
  ['a.hcl', 'Kind = "mesh"\n\0', '2:1 this is no text in UTF-8, which is what Consul reads'],
  [
    'a.yaml',
    'Kind: mesh\n',
    '1:1 in YAML there are custom resources of consul-k8s alone, with their apiVersion',
  ],
  [
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1\nkind: Mesh\nmetadata: { name: mesh }\nspec: {}\n',
    "1:13 consul.hashicorp.com/v1 is no version of Consul's",
  ],
  [
    'a.yaml',
    'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\nmetadata: { name: edge-app }\nspec:\n  Protocol: http\n',
    '5:3 custom resources have no field "Protocol"',
  ],
])('%s: what Consul or Kubernetes would not read is told where it stands: %j', (file, content, told) => {
  const { problems } = lintConfiguration([fileOf(content, file)]);
  expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([told]);
});

test('a change puts entries in and takes them out, and may not leave others without what they need', () => {
  const resolver = fileOf(
    'Kind = "service-resolver"\nName = "edge-app"\nSubsets { v1 { Filter = "Service.Meta.version == v1" } }',
    'r.hcl',
  );
  const splitter = fileOf(
    'Kind = "service-splitter"\nName = "edge-app"\nSplits = [{ Weight = 100 ServiceSubset = "v1" }]',
    's.hcl',
  );
  const named = (kind: string) => ({ kind, namespace: 'default', name: 'edge-app' });
  const [put, out] = readChanges(
    [resolver],
    [
      { name: 'split', files: [splitter], deletes: [] },
      { name: 'back', files: [], deletes: [named('service-splitter'), named('service-router')] },
    ],
    context,
  );
  expect(put?.resources.map(({ kind }) => kind)).toEqual(['service-resolver', 'service-splitter']);
  expect(out).toMatchObject({ missing: [named('service-router')], isSame: false });
  expect(() =>
    readChanges(
      [resolver, splitter],
      [{ name: 'bare', files: [], deletes: [named('service-resolver')] }],
      context,
    ),
  ).toThrow('after the change bare: edge-app has no subset "v1"');
});

test('without a topology a file is looked at by itself', () => {
  const { problems, sound } = lintConfiguration([
    fileOf('Kind = "service-defaults"\nName = "whoever"', 'a.hcl'),
    fileOf('Kind = "service-splitter"\nName = "x"\nSplits = [{ Weight = 1 }]', 'b.hcl'),
  ]);
  expect(sound.map(({ name }) => name)).toEqual(['whoever', 'x']);
  expect(problems.map(({ message }) => message)).toEqual(['the weights come to 1, and have to come to 100']);
});

test('what a mistake leaves of a place is not blamed a second time, and what is wrong elsewhere is', () => {
  const told = (content: string) =>
    lintConfiguration([fileOf(content)]).problems.map(({ line, message }) => `${line}: ${message}`);
  const intentions = 'Kind = "service-intentions"\nName = "x"\nSources = [\n';
  expect(told(`${intentions}  { Name = "a", Action = "Deny" },\n  { Name = "b" }\n]`)).toEqual([
    '4: expected one of allow, deny; got "Deny"',
    '5: a source needs an Action, allow or deny, or Permissions',
  ]);
  const splits = 'Splits = [\n  { Weight = 50 },\n  { Weight = 50, Peer = "west" }\n]';
  expect(told(`Kind = "service-splitter"\nName = "x"\n${splits}`)).toEqual(['5: unknown field "Peer"']);
});

test('a service whose port is named as one of bytes speaks TCP, and nothing of requests is said of it', () => {
  const entry = (kind: string, body: string) => `Kind = "${kind}"\nName = "queue"\n${body}`;
  expect(problemsIn([entry('service-defaults', 'Protocol = "tcp"')])).toEqual([]);
  expect(problemsIn([entry('service-defaults', 'MaxInboundConnections = 3')])).toEqual([]);
  const sources = (said: string) => entry('service-intentions', `Sources = [{ Name = "frontend", ${said} }]`);
  expect(problemsIn([sources('Action = "allow"')])).toEqual([]);
  expect(problemsIn([entry('service-defaults', 'Protocol = "http"')])).toEqual([
    '3 | Protocol | the port of queue is called tcp-queue, as one of bytes is | write Protocol = "tcp", or another portName in the scenario',
  ]);
  expect(problemsIn([sources('Permissions = [{ Action = "allow", HTTP { PathPrefix = "/" } }]')])).toEqual([
    '3 | Sources.0.Permissions | permissions are for requests, and the port of queue is called tcp-queue, as one of bytes is | write an Action, allow or deny',
  ]);
  const router = entry('service-router', 'Routes = [{ Destination { NumRetries = 1 } }]');
  expect(problemsIn([router])).toEqual([
    expect.stringContaining('as one of bytes is: Consul refuses a service-router for it'),
  ]);
});
