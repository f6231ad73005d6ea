import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { settingsBehind } from '../../src/report/words.ts';
import { type Finished, outcome, root, Workspace } from './breakwater.ts';

/** What the tests change of a DestinationRule. */
export interface Rule {
  spec: {
    host: string;
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: number } };
      outlierDetection: { maxEjectionPercent: number } | undefined;
      loadBalancer: object;
    };
  };
}

/** A DestinationRule that is valid and does not do what it is for: the scenario must fail. */
export interface Defect {
  readonly name: string;
  readonly scenario: string;
  /** Kind of a check that must be among the failed ones. */
  readonly fails?: string;
  readonly plant: (policy: Rule['spec']['trafficPolicy']) => void;
  /** What the report has to name: the planted line, or what is not there. */
  readonly names: RegExp;
}

const ejectAtMost10Percent: Defect['plant'] = (policy) => {
  policy.outlierDetection = { ...policy.outlierDetection, maxEjectionPercent: 10 };
};
const ejectNobody: Defect['plant'] = (policy) => {
  policy.outlierDetection = undefined;
};

export const defects: readonly Defect[] = [
  {
    name: 'maxConnections 100000 no longer sheds',
    scenario: 'circuit-breaker',
    fails: 'overflow',
    plant: (policy) => {
      policy.connectionPool.tcp.maxConnections = 100_000;
    },
    names: /maxConnections: 100000$/,
  },
  {
    name: 'without outlierDetection',
    scenario: 'outlier-ejection',
    plant: ejectNobody,
    names: /^outlierDetection: not set$/,
  },
  {
    name: 'without outlierDetection',
    scenario: 'zone-failover',
    plant: ejectNobody,
    names: /without outlierDetection Istio does not fail over$/,
  },
  {
    name: 'maxEjectionPercent 10 of four hosts ejects nobody',
    scenario: 'outlier-ejection',
    fails: 'time-to-eject',
    plant: ejectAtMost10Percent,
    names: /maxEjectionPercent: 10$/,
  },
  {
    name: 'maxEjectionPercent 10 leaves the dark zone in rotation',
    scenario: 'zone-failover',
    plant: ejectAtMost10Percent,
    names: /maxEjectionPercent: 10$/,
  },
  {
    name: 'with locality load balancing off',
    scenario: 'zone-failover',
    fails: 'share',
    plant: (policy) => {
      policy.loadBalancer = { localityLbSetting: { enabled: false } };
    },
    names: /localityLbSetting\.enabled: false$/,
  },
];

/** Configuration that is valid and not what the scenario is for, as one change of the scenario's own text. */
export interface PlantedText {
  readonly name: string;
  readonly scenario: string;
  readonly fails: string;
  /** The text in the scenario's configuration, and what takes its place. */
  readonly change: readonly [string, string];
  /** What the report has to name. */
  readonly names: RegExp;
}

const routes = 'scenarios/mesh/header-routing.yaml';
const eastRoute = readFileSync(join(root, routes), 'utf8').match(/ {4}- match:\n(?: {6}.*\n)+/)?.[0] ?? '';
const otherRoute = readFileSync(join(root, routes), 'utf8').match(/ {4}- route:\n(?: {8}.*\n)+/)?.[0] ?? '';

const regions = readFileSync(join(root, 'scenarios/mesh/regional-policy.yaml'), 'utf8');
const outlierDetection = regions.match(/ {4}outlierDetection:\n(?: {6}.*\n)+/)?.[0] ?? '';

export const plantedTexts: readonly PlantedText[] = [
  {
    name: 'matches in the wrong order',
    scenario: 'header-routing',
    fails: 'expectations',
    change: [`${eastRoute}${otherRoute}`, `${otherRoute}${eastRoute}`],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]/,
  },
  {
    name: 'prefix for exact',
    scenario: 'header-routing',
    fails: 'expectations',
    change: ['exact: east', 'prefix: east'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]/,
  },
  {
    name: 'a match on another port',
    scenario: 'header-routing',
    fails: 'expectations',
    change: ['exact: east\n', 'exact: east\n          port: 9090\n'],
    names:
      /^VirtualService\/edge-app-vs spec\.http\[0\] is not in effect: its match wants port 9090, and calls go to 8080$/,
  },
  {
    name: 'the header misspelt',
    scenario: 'header-routing',
    fails: 'expectations',
    change: ['edge-location:', 'edge-locaton:'],
    names: /^VirtualService\/edge-app-vs spec\.http\[1\]/,
  },
  {
    name: 'the policy of the common example, whose two rules are alternatives',
    scenario: 'authorization',
    fails: 'expectations',
    change: [
      '      to:\n        - operation:\n            methods',
      '    - to:\n        - operation:\n            methods',
    ],
    names: /^AuthorizationPolicy\/edge-app-authz spec\.rules\[0\]: ALLOW/,
  },
  {
    name: 'a wrong principal',
    scenario: 'authorization',
    fails: 'expectations',
    change: ['sa/frontend', 'sa/fronted'],
    names: /^AuthorizationPolicy\/edge-app-authz spec\.rules\[0\]: ALLOW/,
  },
  {
    name: 'a method missing',
    scenario: 'authorization',
    fails: 'expectations',
    change: ['"GET", "POST"', '"GET"'],
    names: /^AuthorizationPolicy\/edge-app-authz spec\.rules\[0\]: ALLOW/,
  },
  {
    name: 'ALLOW where DENY was meant',
    scenario: 'authorization',
    fails: 'expectations',
    change: ['action: DENY', 'action: ALLOW'],
    names: /^AuthorizationPolicy\/edge-app-secrets spec\.rules\[0\]: ALLOW/,
  },
  {
    name: 'PERMISSIVE',
    scenario: 'mtls',
    fails: 'expectations',
    change: ['mode: STRICT', 'mode: PERMISSIVE'],
    names: /^PeerAuthentication\/default spec\.mtls\.mode: PERMISSIVE/,
  },
  {
    name: 'an exception for the port',
    scenario: 'mtls',
    fails: 'expectations',
    change: [
      '  mtls:\n    mode: STRICT\n',
      '  selector: { matchLabels: { app: edge-app } }\n  mtls: { mode: STRICT }\n  portLevelMtls: { 8080: { mode: PERMISSIVE } }\n',
    ],
    names: /^PeerAuthentication\/default spec\.portLevelMtls.*PERMISSIVE/,
  },
  {
    name: 'tls mode DISABLE',
    scenario: 'mtls',
    fails: 'expectations',
    change: [
      '    mode: STRICT\n',
      '    mode: STRICT\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: plain }\nspec: { host: edge-app, trafficPolicy: { tls: { mode: DISABLE } } }\n',
    ],
    names: /^DestinationRule\/plain spec\.trafficPolicy\.tls\.mode: DISABLE/,
  },
  {
    name: 'a wrong percentage',
    scenario: 'mesh-faults',
    fails: 'proportion',
    change: ['value: 20', 'value: 2'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.fault\.delay: 1 s for 2 %/,
  },
  {
    name: 'a fault on a route that nobody takes',
    scenario: 'mesh-faults',
    fails: 'proportion',
    change: [
      '    - fault:',
      '    - route: [{ destination: { host: edge-app } }]\n      match: [{ uri: { prefix: / } }]\n    - fault:',
    ],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]/,
  },
  {
    name: 'attempts 0',
    scenario: 'retries-and-timeouts',
    fails: 'success-rate',
    // Istio refuses conditions for retries that are never made.
    change: [
      'attempts: 2\n        perTryTimeout: 300ms\n        retryOn: 5xx,reset,connect-failure',
      'attempts: 0',
    ],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.attempts: 0/,
  },
  {
    name: 'attempts 10 without a budget',
    scenario: 'retries-and-timeouts',
    fails: 'attempts',
    change: ['attempts: 2', 'attempts: 10'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.attempts: 10/,
  },
  {
    name: 'a try longer than the timeout',
    scenario: 'retries-and-timeouts',
    fails: 'success-rate',
    change: ['perTryTimeout: 300ms', 'perTryTimeout: 2s'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.timeout: 1s/,
  },
  {
    name: 'retryOn without 5xx',
    scenario: 'retries-and-timeouts',
    fails: 'success-rate',
    change: ['retryOn: 5xx,reset,connect-failure', 'retryOn: connect-failure'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.retryOn: connect-failure/,
  },
  {
    name: 'failover without outlier detection',
    scenario: 'regional-policy',
    // All zones alike: retries find a host that lives, wherever that is.
    fails: 'share',
    change: [outlierDetection, ''],
    names: /^DestinationRule\/edge-app-dr .*failover is not in effect: without outlierDetection/,
  },
  {
    name: "an ejection cap below the region's share",
    scenario: 'regional-policy',
    fails: 'time-to-fail-over',
    change: ['maxEjectionPercent: 100', 'maxEjectionPercent: 25'],
    names: /^DestinationRule\/edge-app-dr .*maxEjectionPercent: 25/,
  },
  {
    name: 'distribute beside failover, in a rule of its own',
    scenario: 'regional-policy',
    fails: 'share',
    // In one rule Istio refuses the two.
    change: [
      'kind: DestinationRule\nmetadata:\n  name: edge-app-dr',
      'kind: DestinationRule\nmetadata: { name: edge-app-balance }\nspec:\n  host: edge-app\n  trafficPolicy:\n    loadBalancer: { localityLbSetting: { distribute: [{ from: region1/zone-a/*, to: { region1/zone-a/*: 70, region1/zone-b/*: 30 } }] } }\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: edge-app-dr',
    ],
    names:
      /^DestinationRule\/edge-app-(balance .*distribute: |dr .*is not in effect: Istio takes the trafficPolicy)/,
  },
  {
    name: 'distribute beside failoverPriority',
    scenario: 'regional-policy',
    fails: 'share',
    change: [
      '        failoverPriority:',
      '        distribute: [{ from: region1/*, to: { region1/*: 90, region2/*: 10 } }]\n        failoverPriority:',
    ],
    names:
      /^DestinationRule\/edge-sessions-dr .*(failoverPriority is not in effect: distribute|distribute: )/,
  },
  {
    name: 'the region to fail over to misspelt',
    scenario: 'regional-policy',
    fails: 'share',
    change: ['to: region2\n', 'to: regoin2\n'],
    names:
      /^DestinationRule\/edge-app-dr .*failover\[0\]\.to is not in effect: no host of edge-app is in regoin2/,
  },
  {
    name: 'the region to fail over from misspelt',
    scenario: 'regional-policy',
    fails: 'share',
    change: ['from: region1\n', 'from: regoin1\n'],
    names:
      /^DestinationRule\/edge-app-dr .*failover\[0\]\.from is not in effect: it is for callers in regoin1/,
  },
  {
    name: 'a region misspelt in distribute',
    scenario: 'regional-policy',
    fails: 'proportion',
    change: ['region2/*: 10', 'regoin2/*: 10'],
    names: /^DestinationRule\/edge-assets-dr .*distribute\[0\]\.to\.regoin2\/\* is not in effect/,
  },
  {
    name: 'distribute for callers elsewhere',
    scenario: 'regional-policy',
    fails: 'proportion',
    change: ['from: region1/zone-a/*', 'from: region1/zone-1/*'],
    names:
      /^DestinationRule\/edge-assets-dr .*distribute\[0\]\.from is not in effect: it is for callers in region1\/zone-1/,
  },
  {
    name: 'shares swapped',
    scenario: 'regional-policy',
    fails: 'proportion',
    change: [
      'region1/zone-a/*: 60\n              region1/zone-b/*: 30',
      'region1/zone-a/*: 30\n              region1/zone-b/*: 60',
    ],
    names: /^DestinationRule\/edge-assets-dr .*distribute: fixed shares/,
  },
  {
    name: 'a label of failoverPriority misspelt',
    scenario: 'regional-policy',
    fails: 'share',
    change: ['          - cell', '          - cel'],
    names:
      /^DestinationRule\/edge-sessions-dr .*failoverPriority\[0\] is not in effect: no host of edge-sessions has a label cel$/,
  },
  {
    name: 'failoverPriority in the wrong order',
    scenario: 'regional-policy',
    fails: 'share',
    change: [
      '          - cell\n          - topology.kubernetes.io/region',
      '          - topology.kubernetes.io/region\n          - cell',
    ],
    names: /^DestinationRule\/edge-sessions-dr .*failoverPriority: /,
  },
  {
    name: 'hosts that stay ejected for longer than the fault is over',
    scenario: 'regional-policy',
    fails: 'time-to-return',
    change: ['baseEjectionTime: 9s', 'baseEjectionTime: 60s'],
    names: /^DestinationRule\/edge-app-dr .*baseEjectionTime: 60s/,
  },
  {
    name: 'no retries when a replica dies',
    scenario: 'control-plane-outage',
    fails: 'error-count',
    change: ['attempts: 3\n        retryOn: 5xx,reset,connect-failure', 'attempts: 0'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.attempts: 0/,
  },
  {
    name: 'a replica that stays ejected for longer than it was away',
    scenario: 'control-plane-outage',
    fails: 'time-to-return',
    change: [
      '  subsets:',
      '    outlierDetection: { consecutive5xxErrors: 2, interval: 1s, baseEjectionTime: 60s, maxEjectionPercent: 50 }\n  subsets:',
    ],
    names: /^DestinationRule\/edge-app-versions .*baseEjectionTime: 60s/,
  },
  {
    name: "an idle timeout above the app's",
    scenario: 'connection-churn',
    fails: 'error-count',
    change: ['idleTimeout: 200ms', 'idleTimeout: 30s'],
    names: /^DestinationRule\/orders-dr spec\.trafficPolicy\.connectionPool\.http\.idleTimeout: 30s/,
  },
  {
    name: 'an idle timeout for a subset, which its server does not have',
    scenario: 'connection-churn',
    fails: 'error-count',
    change: [
      '  trafficPolicy:\n    connectionPool:\n      http:\n        idleTimeout: 200ms\n',
      `  subsets:
  - name: all
    trafficPolicy: { connectionPool: { http: { idleTimeout: 200ms } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: orders-vs }
spec: { hosts: [orders], http: [{ route: [{ destination: { host: orders, subset: all } }] }] }
`,
    ],
    names: /^DestinationRule\/orders-dr spec\.subsets\[0\]\.trafficPolicy\.connectionPool is not in effect/,
  },
  {
    name: 'an idle timeout shorter than a connection takes to open',
    scenario: 'connection-churn',
    fails: 'error-count',
    change: ['idleTimeout: 200ms', 'idleTimeout: 2ms'],
    names: /^DestinationRule\/orders-dr spec\.trafficPolicy\.connectionPool\.http\.idleTimeout: 2ms/,
  },
  {
    name: 'retries off',
    scenario: 'connection-churn',
    fails: 'error-count',
    change: ['attempts: 3\n        retryOn: connect-failure,refused-stream,503', 'attempts: 0'],
    names: /^VirtualService\/catalog-vs spec\.http\[0\]\.retries\.attempts: 0/,
  },
  {
    name: 'retryOn with reset in place of the status',
    scenario: 'connection-churn',
    fails: 'error-count',
    change: ['refused-stream,503', 'refused-stream,reset,reset-before-request'],
    names: /^VirtualService\/catalog-vs spec\.http\[0\]\.retries\.retryOn: connect-failure,/,
  },
  {
    name: 'a connection for each request',
    scenario: 'connection-churn',
    fails: 'connections',
    change: ['maxRequestsPerConnection: 10', 'maxRequestsPerConnection: 1'],
    names:
      /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.connectionPool\.http\.maxRequestsPerConnection: 1/,
  },
  {
    name: 'connections that carry too much',
    scenario: 'connection-churn',
    fails: 'connections',
    change: ['maxRequestsPerConnection: 10', 'maxRequestsPerConnection: 1000'],
    names:
      /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.connectionPool\.http\.maxRequestsPerConnection: 1000/,
  },
];

/** Runs the scenario of a planted text on the local lab: it has to fail, and the report has to name the reason. */
export async function expectTextFailure(planted: PlantedText, ...args: readonly string[]): Promise<void> {
  const { scenario, fails, names } = planted;
  using workspace = new Workspace();
  const file = plantedText(workspace.path, planted);
  const finished = await workspace.run(`scenarios/${scenario}.yaml`, '--config', file, ...args);
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  expect(finished.code).toBe(1);
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
  expect(failed.map(({ kind }) => kind)).toContain(fails);
  const said = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
  expect(said.map(({ setting }) => setting).join('\n'), outcome(finished)).toMatch(
    new RegExp(names.source, 'm'),
  );
  // What is not written has no line.
  const written = said.filter(({ setting }) => names.test(setting) && !/ \(default of \w+\)$/.test(setting));
  for (const { setting, source } of written) expect(source, setting).toMatch(/planted\.yaml:\d+$/);
}

/** Writes a scenario's configuration with one change of its text into the folder; path of the file. */
export function plantedText(folder: string, { scenario, change: [from, to] }: PlantedText): string {
  const sound = readFileSync(join(root, 'scenarios/mesh', `${scenario}.yaml`), 'utf8');
  if (!sound.includes(from)) throw new Error(`${scenario}.yaml has no longer: ${from}`);
  const file = join(folder, 'planted.yaml');
  writeFileSync(file, sound.replace(from, to));
  return file;
}

/** Writes a scenario's DestinationRule with a change into the folder; path of the file. */
export function plantedRule(folder: string, scenario: string, change: (rule: Rule) => void): string {
  const rule: Rule = parse(readFileSync(join(root, 'scenarios/mesh', `${scenario}.yaml`), 'utf8'));
  change(rule);
  const file = join(folder, 'planted.yaml');
  writeFileSync(file, stringify(rule));
  return file;
}

/** Runs the scenario of a defect on the local lab, changed by `args`: it has to fail, and for the right reason. */
export async function expectFailure(defect: Defect, ...args: readonly string[]): Promise<void> {
  using workspace = new Workspace();
  await expectFailureIn(workspace, defect, ...args);
}

/** The same in a workspace that is there already. */
export async function expectFailureIn(
  workspace: Workspace,
  { scenario, fails, plant, names }: Defect,
  ...args: readonly string[]
): Promise<void> {
  const file = plantedRule(workspace.path, scenario, (rule) => plant(rule.spec.trafficPolicy));
  const finished = await workspace.run(`scenarios/${scenario}.yaml`, '--config', file, ...args);
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  expect(finished.code).toBe(1);
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail').map(({ kind }) => kind);
  if (fails !== undefined) expect(failed).toContain(fails);
  expectNamed(finished, file, names);
}

/** Expects that a failed check names a setting and, where it is written, the line of the file that says so. */
function expectNamed(finished: Finished, file: string, names: RegExp): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const said = (finished.report?.checks ?? []).flatMap(({ reason }) => settingsBehind(reason ?? {}));
  const naming = said.filter(({ setting }) => names.test(setting.replace(/ \([^)]*\)$/, '')));
  expect(naming.length, `${outcome(finished)}\n${JSON.stringify(said, null, 2)}`).toBeGreaterThan(0);
  // What is not set stands in no line.
  const field = /(\w+): \w+\$/.exec(names.source)?.[1];
  if (field === undefined) return;
  for (const { setting, source = '' } of naming) {
    const line = lines[Number(/:(\d+)$/.exec(source)?.[1]) - 1] ?? 'no line';
    expect(line.trim(), setting).toMatch(new RegExp(`^${field}:`));
  }
}

/** Writes configuration that Istio passes on, as it does any patch, and Envoy rejects: the ring is too large. */
export function rejectedByEnvoy(workspace: Workspace): string {
  const file = join(workspace.path, 'rejected.yaml');
  writeFileSync(
    file,
    `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: broken}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, cluster: {service: edge-app.default.svc.cluster.local}}
    patch:
      operation: MERGE
      value: {lb_policy: RING_HASH, ring_hash_lb_config: {minimum_ring_size: 9000000}}
`,
  );
  return file;
}
