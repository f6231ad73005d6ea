import { describe, expect, it } from 'vitest';
import { valueAt } from '../../kit/path.ts';
import { formatProblem } from '../../kit/problems.ts';
import { configurationContext } from '../../plan/configuration-context.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { lintConfiguration, readChanges, readConfiguration } from './configuration.ts';
import { olderFirst } from './effective/selection.ts';

function plan(checks: object[] = [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }]) {
  const loaded = loadedScenario({
    name: 'example',
    description: 'An example.',
    topology: {
      services: {
        'edge-app': { workloads: [{ name: 'edge-app', locality: 'region1/east' }] },
        frontend: { workloads: [{ name: 'frontend', locality: 'region1/east' }] },
      },
    },
    load: { from: 'frontend', to: 'edge-app', rate: '10/s', duration: '20s' },
    checks,
  });
  return configurationContext(planScenario(loaded));
}

const read = (content: string, checks?: object[]) =>
  readConfiguration([{ file: 'mesh.yaml', path: '/mesh.yaml', content }], plan(checks));

function problems(content: string, checks?: object[]): string {
  try {
    read(content, checks);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('no problem was found');
}

const rule = (spec: string, name = 'rule') => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${name}
spec:
  host: edge-app
${spec}`;

const virtualService = (spec: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routes}
spec:
${spec}`;

describe('Istio configuration', () => {
  it('is read with the lines of its fields', () => {
    const [first, second] = read(
      `# two\n${rule('  trafficPolicy:\n    connectionPool:\n      tcp: {maxConnections: 5}')}\n---\n${rule('', 'other')}`,
    );
    expect(first).toMatchObject({ kind: 'DestinationRule', name: 'rule', namespace: 'default', line: 2 });
    expect(first?.lineOf(['spec', 'trafficPolicy', 'connectionPool', 'tcp', 'maxConnections'])).toBe(10);
    expect(first?.lineOf(['spec', 'trafficPolicy', 'outlierDetection'])).toBe(8);
    expect(second?.line).toBe(12);
  });

  it('says what a field of another name is called', () => {
    expect(
      problems(
        rule(`  trafficPolicy:
    connectionPool:
      tcp:
        maxConnectoins: 100
        connectTimeout: 5
    circuitBreaker:
      consecutiveErrors: 5
      interval: 30s`),
      ),
    ).toMatchInlineSnapshot(`
      "4 problems
      mesh.yaml:10:9: spec.trafficPolicy.connectionPool.tcp.maxConnectoins: unknown field "maxConnectoins"
        did you mean "maxConnections"? allowed: connectTimeout, idleTimeout, maxConnectionDuration, maxConnections, tcpKeepalive
      mesh.yaml:11:25: spec.trafficPolicy.connectionPool.tcp.connectTimeout: expected text, got the number 5
        write it with its unit: 5s
      mesh.yaml:12:5: spec.trafficPolicy.circuitBreaker: unknown field "circuitBreaker"
        Istio calls this outlierDetection
      mesh.yaml:13:7: spec.trafficPolicy.circuitBreaker.consecutiveErrors: this field is obsolete; Istio does nothing with it
        use consecutive5xxErrors"
    `);
  });

  it('says of a field on the wrong level where it belongs', () => {
    expect(
      problems(rule('  trafficPolicy: {connectionPool: {maxConnections: 1, http1MaxPendingRequests: 1}}')),
    ).toMatchInlineSnapshot(`
      "2 problems
      mesh.yaml:7:36: spec.trafficPolicy.connectionPool.maxConnections: unknown field "maxConnections"
        its place is tcp.maxConnections
      mesh.yaml:7:55: spec.trafficPolicy.connectionPool.http1MaxPendingRequests: unknown field "http1MaxPendingRequests"
        its place is http.http1MaxPendingRequests"
    `);
    expect(problems(rule('  trafficPolicy: {idleTimeout: 1s}\n  mode: DISABLE'))).toMatchInlineSnapshot(`
      "2 problems
      mesh.yaml:7:19: spec.trafficPolicy.idleTimeout: unknown field "idleTimeout"
        its place is connectionPool.http.idleTimeout or connectionPool.tcp.idleTimeout
      mesh.yaml:8:3: spec.mode: unknown field "mode"
        its place is trafficPolicy.tls.mode"
    `);
  });

  it('says so upwards and sideways too, but not of what is only misspelt', () => {
    const hints = (text: string) =>
      [...problems(text).matchAll(/unknown field "(.*)"\n(?: {2}(.*))?/g)].map(
        ([, field, hint]) => `${field}: ${hint}`,
      );
    expect(
      hints(
        rule(`  trafficPolicy:
    host: edge-app
    connectionPool: {outlierDetection: {}, http: {maxConnections: 1}}
    outlierDetection: {tcp: {maxConnections: 1}}
    loadBalancer: {distribute: []}
    subset: []`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "host: its place is spec.host",
        "outlierDetection: its place is spec.trafficPolicy.outlierDetection",
        "maxConnections: its place is spec.trafficPolicy.connectionPool.tcp.maxConnections",
        "tcp: its place is spec.trafficPolicy.connectionPool.tcp",
        "distribute: its place is localityLbSetting.distribute",
        "subset: allowed: connectionPool, loadBalancer, outlierDetection, portLevelSettings, proxyProtocol, retryBudget, tls, tunnel",
      ]
    `);
    expect(
      hints(
        virtualService(`  hosts: [edge-app]
  host: edge-app
  timeout: 1s
  http:
    - match: [{route: []}]
      perTryTimeout: 1s
      route:
        - {timeout: 1s, destination: {host: edge-app, weight: 1, retries: {}}}`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "host: did you mean "hosts"? allowed: exportTo, gateways, hosts, http, tcp, tls",
        "timeout: its place is http[].timeout",
        "route: its place is spec.http.0.route",
        "perTryTimeout: its place is retries.perTryTimeout",
        "timeout: its place is spec.http.0.timeout",
        "weight: its place is spec.http.0.route.0.weight",
        "retries: its place is spec.http.0.retries",
      ]
    `);
    const peer =
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nspec: {mode: STRICT}';
    expect(hints(peer)).toMatchInlineSnapshot(`
      [
        "mode: its place is mtls.mode",
      ]
    `);
    expect(hints(rule('').replace('spec:\n  host', 'spec: {}\nhost'))).toMatchInlineSnapshot(`
      [
        "host: its place is spec.host",
      ]
    `);
  });

  it('keeps the rules of the definitions, as an API server has them', () => {
    expect(
      problems(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [example.com]
  resolution: DNS_ROUND_ROBIN
  ports:
    - {number: 80, name: http}
    - {number: 443, name: http}
    - {number: 80, name: other, targetPort: 70000}
  endpoints:
    - address: a.example.com
    - address: unix://relative
      ports: {http: 80}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: waypoint}
spec:
  configPatches:
    - applyTo: CLUSTER
      match: {context: WAYPOINT, waypoint: {portNumber: 15008}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: ports}
spec:
  portLevelMtls:
    "8080": {mode: STRICT}
    http: {mode: STRICT}
---
${rule('  trafficPolicy: {outlierDetection: {interval: 5, baseEjectionTime: soon}, connectionPool: {tcp: {connectTimeout: 10us}}}')}`),
    ).toMatchInlineSnapshot(`
      "10 problems
      mesh.yaml:9:27: spec.ports.1.name: there is an entry with the name "http" already
      mesh.yaml:10:45: spec.ports.2.targetPort: port must be between 1-65535; got 70000
      mesh.yaml:13:16: spec.endpoints.1.address: UDS must be an absolute path or abstract socket; got "unix://relative"
      mesh.yaml:14:7: spec.endpoints.1.ports: UDS may not include ports
      mesh.yaml:22:57: spec.configPatches.0.match.waypoint.portNumber: port must be between 1-65535; got 15008
        the rule itself is 0 < self && self <= 6553
      mesh.yaml:28:3: spec.portLevelMtls: portLevelMtls requires selector
      mesh.yaml:30:5: spec.portLevelMtls.http: port must be between 1-65535
      mesh.yaml:38:48: spec.trafficPolicy.outlierDetection.interval: expected text, got the number 5
        write it with its unit: 5s
      mesh.yaml:38:69: spec.trafficPolicy.outlierDetection.baseEjectionTime: must be a valid duration greater than 1ms; got "soon"
      mesh.yaml:38:115: spec.trafficPolicy.connectionPool.tcp.connectTimeout: must be a valid duration greater than 1ms; got "10us""
    `);
  });

  it('has values of the right form', () => {
    expect(
      problems(
        rule(`  subsets:
    - {labels: {version: 2}}
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBBIN, consistentHash: {}}
    tls: {mode: on}
    outlierDetection: {maxEjectionPercent: 3000000000, interval: }`),
      ),
    ).toMatchInlineSnapshot(`
      "7 problems
      mesh.yaml:8:7: spec.subsets.0.name: missing; this field is needed
      mesh.yaml:8:26: spec.subsets.0.labels.version: expected text, got the number 2
        put it in quotes
      mesh.yaml:10:28: spec.trafficPolicy.loadBalancer.simple: expected one of UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST; got "ROUND_ROBBIN"
        did you mean ROUND_ROBIN?
      mesh.yaml:10:42: spec.trafficPolicy.loadBalancer.consistentHash: simple and consistentHash exclude each other
        at most one of simple, consistentHash
      mesh.yaml:11:17: spec.trafficPolicy.tls.mode: Kubernetes reads on as true; text is expected
        one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL
      mesh.yaml:12:44: spec.trafficPolicy.outlierDetection.maxEjectionPercent: expected at most 2147483647, got 3000000000
      mesh.yaml:12:66: spec.trafficPolicy.outlierDetection.interval: expected text, got nothing"
    `);
  });

  it('is of kinds that Istio has', () => {
    const header = (apiVersion: string, kind: string, name = 'x') =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n`;
    const text = [
      header('networking.istio.io/v1', 'DestinationRules'),
      header('networking.istio.io/v2', 'VirtualService'),
      header('v1', 'Service'),
      'just text',
      'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: {host: edge-app}',
      rule(''),
      rule(''),
    ].join('\n---\n');
    expect(problems(text)).toMatchInlineSnapshot(`
      "6 problems
      mesh.yaml:2:7: kind: "DestinationRules" (networking.istio.io/v1) is not a kind that Istio 1.29.1 has
        did you mean DestinationRule?
      mesh.yaml:6:13: apiVersion: Istio 1.29.1 has no VirtualService in networking.istio.io/v2
        it has networking.istio.io/v1, networking.istio.io/v1alpha3, networking.istio.io/v1beta1
      mesh.yaml:12:7: kind: the scenario's topology makes every Service
        describe services and workloads there; mesh configuration has Istio resources only
      mesh.yaml:16:1: expected a resource (apiVersion, kind, metadata, spec), got text
      mesh.yaml:18:1: metadata: missing; this field is needed
      mesh.yaml:33:9: metadata.name: DestinationRule default/rule is there already
        mesh.yaml:25"
    `);
    expect(problems('# nothing\n')).toBe('mesh.yaml:1:1: there is no resource in this file');
  });

  it('refers to what there is', () => {
    expect(
      problems(
        virtualService(`  hosts: [edge-app]
  http:
    - route:
        - destination: {host: edge-ap}
        - destination: {host: edge-app, subset: v2}
        - destination: {host: edge-app.default.svc.cluster.local, port: {number: 80}}
      mirror: {host: elsewhere.example.com}`),
      ),
    ).toMatchInlineSnapshot(`
      "4 problems
      mesh.yaml:8:31: spec.http.0.route.0.destination.host: there is no service "edge-ap" in the topology and no ServiceEntry for it
        did you mean edge-app?
      mesh.yaml:9:49: spec.http.0.route.1.destination.subset: edge-app has no subset "v2"
        no DestinationRule for edge-app has subsets
      mesh.yaml:10:82: spec.http.0.route.2.destination.port.number: edge-app.default.svc.cluster.local has no port 80
        its port is 8080
      mesh.yaml:11:22: spec.http.0.mirror.host: there is no service "elsewhere.example.com" in the topology and no ServiceEntry for it
        there are edge-app"
    `);
    expect(problems(virtualService('  http: [{route: [{destination: {host: edge-app}}]}]'))).toContain(
      'spec.hosts: missing',
    );
    expect(read(rule('').replace('host: edge-app', 'host: "*.default.svc.cluster.local"'))).toHaveLength(1);
  });

  it('takes a short name for one of the namespace that the resource is in, as Istio does', () => {
    const elsewhere = (host: string) =>
      problems(
        rule('').replace('name: rule', 'name: rule\n  namespace: istio-system').replace('edge-app', host),
      );
    expect(elsewhere('edge-app')).toMatchInlineSnapshot(`
      "mesh.yaml:7:9: spec.host: in the namespace istio-system this is edge-app.istio-system.svc.cluster.local; there is no such service in the topology
        write edge-app.default.svc.cluster.local"
    `);
    expect(elsewhere('edge-ap')).toMatchInlineSnapshot(`
      "mesh.yaml:7:9: spec.host: there is no service "edge-ap" in the topology and no ServiceEntry for it
        did you mean edge-app.default.svc.cluster.local?"
    `);
    expect(elsewhere('edge-app.default')).toMatchInlineSnapshot(`
      "mesh.yaml:7:9: spec.host: there is no service "edge-app.default" in the topology and no ServiceEntry for it
        did you mean edge-app.default.svc.cluster.local?"
    `);
    expect(problems(rule('').replace('edge-app', 'edge-app.default.svc'))).toMatchInlineSnapshot(`
      "mesh.yaml:6:9: spec.host: there is no service "edge-app.default.svc" in the topology and no ServiceEntry for it
        did you mean edge-app.default.svc.cluster.local?"
    `);
  });

  it('has kinds that are not read here, and what says the same', () => {
    const header = (apiVersion: string, kind: string) =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: {}\n`;
    const text = [
      header('gateway.networking.k8s.io/v1', 'HTTPRoute'),
      header('gateway.networking.k8s.io/v1', 'Gateway'),
      header('gateway.networking.x-k8s.io/v1alpha1', 'XBackendTrafficPolicy'),
      header('authentication.istio.io/v1alpha1', 'Policy'),
      header('config.istio.io/v1alpha2', 'EgressRule'),
      header('networking.k8s.io/v1', 'Ingress'),
      header('argoproj.io/v1alpha1', 'Rollout'),
    ].join('---\n');
    expect(problems(text)).toMatchInlineSnapshot(`
      "7 problems
      mesh.yaml:1:13: apiVersion: HTTPRoute (gateway.networking.k8s.io/v1) is of the Kubernetes Gateway API, which is not read here
        write it as a VirtualService
      mesh.yaml:6:13: apiVersion: Gateway (gateway.networking.k8s.io/v1) is of the Kubernetes Gateway API, which is not read here
        write it as a Gateway of networking.istio.io/v1
      mesh.yaml:11:13: apiVersion: XBackendTrafficPolicy (gateway.networking.x-k8s.io/v1alpha1) is of the Kubernetes Gateway API, which is not read here
        use Istio's own resources
      mesh.yaml:16:13: apiVersion: Istio 1.29.1 has no authentication.istio.io any more
        PeerAuthentication and RequestAuthentication took the place of Policy
      mesh.yaml:21:13: apiVersion: Istio 1.29.1 has no config.istio.io any more
        ServiceEntry took the place of EgressRule
      mesh.yaml:27:7: kind: "Ingress" (networking.k8s.io/v1) is not a kind that Istio 1.29.1 has
        it has AuthorizationPolicy, DestinationRule, EnvoyFilter, Gateway, PeerAuthentication, ProxyConfig, RequestAuthentication, ServiceEntry, Sidecar, Telemetry, VirtualService, WasmPlugin, WorkloadEntry, WorkloadGroup
      mesh.yaml:32:7: kind: a Rollout (argoproj.io/v1alpha1) tells a controller what to make of Istio's resources, and there is none here
        write its steps as changes of a scenario, each with the VirtualService as it is then, and its analysis as guard"
    `);
  });

  it('is no template that is still to be filled in', () => {
    const template =
      '# of a chart\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.on }}\nspec: {}\n{{- end }}\n';
    expect(problems(template)).toMatchInlineSnapshot(`
      "mesh.yaml:3:9: this is a template that is not filled in
        take what \`helm template\` prints"
    `);
    expect(
      read(rule('').replace('name: rule', 'name: rule\n  annotations: {a: "{{ .Name }}"}')),
    ).toHaveLength(1);
  });

  it('has hosts in a VirtualService even where there is no topology to hold them against', () => {
    const lint = (content: string) =>
      lintConfiguration([{ file: 'mesh.yaml', path: '/mesh.yaml', content }])
        .problems.map(formatProblem)
        .join('\n');
    const routes = virtualService('  http: [{route: [{destination: {host: anything}}]}]');
    expect(lint(routes)).toMatchInlineSnapshot(`
      "mesh.yaml:4:1: spec.hosts: missing; without hosts, and no VirtualService that delegates to it, it routes nothing
        hosts: [SERVICE]"
    `);
    const root = virtualService('  hosts: [shop]\n  http: [{delegate: {name: routes}}]').replace(
      'name: routes',
      'name: root',
    );
    expect(lint(`${routes}\n---\n${root}`)).toBe('');
  });

  it('leaves the resources of the topology alone', () => {
    const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mine}
spec: {hosts: [edge-app.default.svc.cluster.local], ports: [{number: 80, name: http}]}`;
    const sidecar = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: mine}
spec: {egress: [{hosts: ["./*"]}]}`;
    const strictMtls = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}`;
    expect(problems(entry)).toContain(
      'mesh.yaml:4:16: spec.hosts.0: edge-app.default.svc.cluster.local is a service',
    );
    expect(problems(rule('', 'breakwater-edge-app'))).toContain(
      'metadata.name: names that begin with breakwater-',
    );
    expect(problems(sidecar)).toMatchInlineSnapshot(`
      "mesh.yaml:2:7: kind: Breakwater gives every workload a Sidecar of its own, and a second one is ignored
        leave it out; the other kinds can be tested"
    `);
    expect(problems(strictMtls)).toMatchInlineSnapshot(`
      "mesh.yaml:3:18: metadata.name: mesh.mtls: strict makes this resource already
        set mesh.mtls to permissive, or test one for a namespace"
    `);
    expect(read(strictMtls.replace('istio-system', 'default'))).toHaveLength(1);
  });

  it('refuses an abort beside checks that it cannot affect', () => {
    const abort = virtualService(`  hosts: [edge-app]
  http:
    - fault: {abort: {httpStatus: 503, percentage: {value: 50}}}
      route: [{destination: {host: edge-app}}]`);
    expect(read(abort)).toHaveLength(1);
    expect(problems(abort, [{ kind: 'ejections', during: 'run', atLeast: 1 }])).toMatchInlineSnapshot(`
      "mesh.yaml:7:15: spec.http.0.fault.abort: an abort here acts in the caller's sidecar before a host is chosen, so it can never eject a replica, which the check checks.0 (ejections) is about
        use a fault of the scenario instead: kind: error, on: {service: edge-app}"
    `);
  });

  it('takes an abort that no request of the load meets, and refuses one in a delegate that they do', () => {
    const checks = [{ kind: 'ejections', during: 'run', atLeast: 1 }];
    const abort = 'fault: {abort: {httpStatus: 503, percentage: {value: 50}}}';
    const to = 'route: [{destination: {host: edge-app}}]';
    const harmless = [
      `  hosts: [edge-app]\n  gateways: [istio-system/public]\n  http: [{${abort}, ${to}}]`,
      `  hosts: [edge-app]\n  http: [{match: [{headers: {x-chaos: {exact: "yes"}}}], ${abort}, ${to}}, {${to}}]`,
      `  hosts: [edge-app]\n  http: [{match: [{gateways: [istio-system/public]}], ${abort}, ${to}}, {${to}}]`,
      `  hosts: [edge-app]\n  http: [{${to}}, {${abort}, ${to}}]`,
    ];
    for (const spec of harmless) expect(read(virtualService(spec), checks)).toHaveLength(1);
    const met = [
      `  hosts: [edge-app]\n  http: [{match: [{uri: {prefix: /}, method: {exact: GET}}], ${abort}, ${to}}]`,
      `  hosts: [edge-app]\n  http: [{match: [{withoutHeaders: {x-calm: {}}}], ${abort}, ${to}}]`,
    ];
    for (const spec of met)
      expect(problems(virtualService(spec), checks)).toContain('spec.http.0.fault.abort');
    const root = virtualService('  hosts: [edge-app]\n  http: [{delegate: {name: inner}}]');
    const inner = virtualService(`  http: [{${abort}, ${to}}]`).replace('name: routes', 'name: inner');
    expect(problems(`${root}\n---\n${inner}`, checks)).toMatch(
      /^mesh\.yaml:1\d:.*spec\.http\.0\.fault\.abort/m,
    );
  });

  it('is read as kubectl reads it: templates that are switched off, lists, merge keys', () => {
    const off = `---\n# Source: off.yaml\n---\n# Source: on.yaml\n${rule('')}---\n`;
    expect(read(off)).toMatchObject([{ name: 'rule', line: 5 }]);
    expect(read(off.replaceAll('\n', '\r\n'))).toMatchObject([{ name: 'rule', line: 5 }]);
    const item = (name: string) => `  - ${rule('', name).trim().replaceAll('\n', '\n    ')}\n`;
    expect(read(`apiVersion: v1\nkind: List\nitems:\n${item('one')}${item('two')}`)).toMatchObject([
      { name: 'one', line: 4 },
      { name: 'two', line: 10 },
    ]);
    const [merged] = read(
      rule(`  trafficPolicy:
    connectionPool: &pool
      tcp: &tcp {maxConnections: 100}
      http: {http1MaxPendingRequests: 50}
    portLevelSettings:
      - port: {number: 8080}
        connectionPool:
          <<: *pool
          tcp:
            <<: *tcp
            connectTimeout: 2s`),
    );
    const port = ['spec', 'trafficPolicy', 'portLevelSettings', 0, 'connectionPool'];
    expect(valueAt(merged?.value, port)).toEqual({
      tcp: { maxConnections: 100, connectTimeout: '2s' },
      http: { http1MaxPendingRequests: 50 },
    });
    expect(merged?.lineOf([...port, 'http', 'http1MaxPendingRequests'])).toBe(10);
    expect(merged?.lineOf([...port, 'tcp', 'connectTimeout'])).toBe(17);
  });

  it('takes the items of a list with what an API server adds to them', () => {
    const list = `{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRuleList", "items": [
      {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata":
        {"name": "a", "generation": 3, "uid": "0b6f", "resourceVersion": "48213", "creationTimestamp": "2026-01-31T12:00:00Z"},
        "spec": {"host": "edge-app"}, "status": {}}]}`;
    expect(read(list)).toMatchObject([{ name: 'a', line: 2 }]);
  });

  it('says of an address that it needs quotes, and of words what they mean', () => {
    expect(problems(rule('  exportTo:\n    - fd00::\n'))).toMatchInlineSnapshot(`
      "mesh.yaml:8:7: "fd00::" without quotes is a map with a key "fd00:"
        put it in quotes"
    `);
    expect(problems(rule('  exportTo: [on]\n'))).toMatchInlineSnapshot(`
      "mesh.yaml:7:14: spec.exportTo.0: Kubernetes reads on as true; text is expected
        put it in quotes"
    `);
    const yes = read(
      rule('  trafficPolicy: {proxyProtocol: {}, outlierDetection: {splitExternalLocalOriginErrors: yes}}'),
    );
    expect(valueAt(yes[0]?.value, ['spec', 'trafficPolicy', 'outlierDetection'])).toEqual({
      splitExternalLocalOriginErrors: true,
    });
  });

  it('is in one of its files at least', () => {
    const files = ['# off', rule('')].map((content, index) => ({
      file: `${index}.yaml`,
      path: '/',
      content,
    }));
    expect(readConfiguration(files, plan())).toHaveLength(1);
    expect(lintConfiguration(files)).toMatchObject({ problems: [], sound: [{ name: 'rule' }] });
    expect(lintConfiguration(files.slice(0, 1)).problems.map(formatProblem)).toEqual([
      '0.yaml:1:1: there is no resource in this file',
    ]);
  });

  it.each([
    [
      'TOKEN=hunter2hunter2\nPASSWORD=hunter2\n',
      'mesh.yaml:1:1: expected a resource (apiVersion, kind, metadata, spec), got text',
    ],
    [
      '- hunter2\n- hunter2\n',
      'mesh.yaml:1:1: expected a resource (apiVersion, kind, metadata, spec), got a list',
    ],
    ['43281974', 'mesh.yaml:1:1: expected a resource (apiVersion, kind, metadata, spec), got a number'],
  ])('says the type only of what is no resource at all', (content, message) => {
    expect(problems(content)).toBe(message);
  });
});

describe('changes', () => {
  const file = (name: string, content: string) => ({ file: name, path: `/${name}`, content });
  const before = [
    file('mesh.yaml', `${rule('  trafficPolicy: {}')}\n---\n${rule('  subsets: []', 'other')}`),
  ];
  const named = (name: string, namespace = 'default') => ({ kind: 'DestinationRule', namespace, name });
  const stepsAfter = (...changes: Omit<Parameters<typeof readChanges>[1][number], 'name'>[]) =>
    readChanges(
      before,
      changes.map((each, index) => ({ name: `change-${index}`, ...each })),
      plan(),
    );

  it('put in, take the place of what has the same name, and take out, each after the one before', () => {
    const other = file('10.yaml', rule('  trafficPolicy: { loadBalancer: { simple: RANDOM } }'));
    const third = file('20.yaml', rule('  trafficPolicy: {}', 'third'));
    const steps = stepsAfter(
      { files: [other], deletes: [] },
      { files: [third], deletes: [named('other'), named('gone')] },
    );
    const told = steps.map(({ resources }) => resources.map((each) => `${each.name} of ${each.file}`));
    expect(told).toEqual([
      ['rule of 10.yaml', 'other of mesh.yaml'],
      ['rule of 10.yaml', 'third of 20.yaml'],
    ]);
    expect(steps.map(({ missing }) => missing)).toEqual([[], [named('gone')]]);
    expect(steps.map(({ isSame }) => isSame)).toEqual([false, false]);
  });

  it('make new resources younger than what is there, and leave those that they replace their age', () => {
    const aged = (name: string) =>
      rule('  trafficPolicy: { loadBalancer: { simple: RANDOM } }', name).replace(
        'metadata:',
        'metadata:\n  creationTimestamp: "1999-01-01T00:00:00Z"',
      );
    const steps = stepsAfter(
      { files: [file('one.yaml', `${aged('rule')}\n---\n${aged('young')}`)], deletes: [] },
      { files: [file('two.yaml', aged('younger'))], deletes: [] },
    );
    const ages = steps
      .at(-1)
      ?.resources.toSorted(olderFirst)
      .map(({ name }) => name);
    expect(ages).toEqual(['other', 'rule', 'young', 'younger']);
  });

  it('that say what was said before change nothing', () => {
    const same = file('same.yaml', `# Written otherwise.\n${rule('  trafficPolicy:\n    {}')}`);
    expect(stepsAfter({ files: [same], deletes: [] })[0]?.isSame).toBe(true);
  });

  it('that take away what others need are named where those are', () => {
    const routes = file(
      'routes.yaml',
      virtualService(
        '  hosts: [edge-app]\n  http: [{route: [{destination: {host: edge-app, subset: east}}]}]',
      ),
    );
    const subsets = file(
      'subsets.yaml',
      rule('  subsets: [{name: east, labels: {app: edge-app}}]', 'subsets'),
    );
    const both = { files: [routes, subsets], deletes: [] };
    expect(() => stepsAfter(both, { files: [], deletes: [named('subsets')] })).toThrow(
      /routes\.yaml:6:\d+: .*: after the change change-1: edge-app has no subset "east"/,
    );
  });

  it('are held against the topology as a whole', () => {
    const wrong = file('wrong.yaml', rule('  trafficPolicy: {}').replace('host: edge-app', 'host: edge-ap'));
    expect(() => stepsAfter({ files: [wrong], deletes: [] })).toThrow(/wrong\.yaml:6:9.*edge-ap/);
  });
});
