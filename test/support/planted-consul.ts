import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const folderOfRules = resolve(import.meta.dirname, '../../scenarios/mesh/consul');

/** A mistake in the configuration that a scenario has for Consul. */
export interface PlantedOnConsul {
  readonly scenario: string;
  readonly name: string;
  /** Kind of a check that must be among the failed ones. */
  readonly fails: string;
  /** What the report has to name. */
  readonly names: RegExp;
  /** Arguments of `run` beside `--mesh consul`. */
  readonly args: (folder: string) => readonly string[];
}

/** Writes a file of a scenario's configuration with a change of its text into the folder; its path. */
function planted(folder: string, file: string, from: string | RegExp, to: string): string {
  const sound = readFileSync(join(folderOfRules, file), 'utf8');
  const changed = sound.replace(from, to);
  if (changed === sound) throw new Error(`${file} has no longer: ${from}`);
  const path = join(folder, `planted.${basename(file).split('.').at(-1)}`);
  writeFileSync(path, changed);
  return path;
}

/** Plants a change of the first file, and leaves the others. */
const inFile =
  (file: string, from: string | RegExp, to: string, ...others: readonly string[]) =>
  (folder: string) =>
    [planted(folder, file, from, to), ...others.map((other) => join(folderOfRules, other))].flatMap(
      (path) => ['--config', path],
    );

/** Puts an entry beside the sound ones. */
const beside =
  (entry: string, ...sound: readonly string[]) =>
  (folder: string) => {
    const path = join(folder, 'beside.hcl');
    writeFileSync(path, entry);
    return [...sound.map((file) => join(folderOfRules, file)), path].flatMap((file) => ['--config', file]);
  };

const eastRoute = /\{\n {4}Match[\s\S]*?edge-app-east"\n {4}\}\n {2}\},\n/;

export const plantedOnConsul: readonly PlantedOnConsul[] = [
  {
    scenario: 'circuit-breaker',
    name: 'MaxConnections 100000 no longer sheds',
    fails: 'overflow',
    args: inFile('circuit-breaker.hcl', '= 100\n', '= 100000\n'),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.Limits\.MaxConnections: 100000$/,
  },
  {
    scenario: 'circuit-breaker',
    name: 'limits in the service-defaults of who is called',
    fails: 'overflow',
    args: inFile('circuit-breaker.hcl', 'Name = "frontend"', 'Name = "edge-app"\nProtocol = "http"'),
    names: /^service-defaults\/edge-app UpstreamConfig\.Overrides\[0\]\.Limits is not in effect: /,
  },
  {
    scenario: 'outlier-ejection',
    name: 'the default cap of 10 % of four hosts ejects nobody',
    fails: 'time-to-eject',
    args: inFile('outlier-ejection.hcl', / *MaxEjectionPercent = 50\n/, ''),
    names: /MaxEjectionPercent.*: 10 %?/,
  },
  {
    scenario: 'outlier-ejection',
    name: 'ejection switched off',
    fails: 'time-to-eject',
    args: inFile('outlier-ejection.hcl', 'MaxFailures      = 5', 'EnforcingConsecutive5xx = 0'),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.PassiveHealthCheck/,
  },
  {
    scenario: 'header-routing',
    name: 'a route for all before the one for the header',
    fails: 'expectations',
    args: inFile(
      'header-routing.hcl',
      /Routes = \[\n/,
      'Routes = [\n  { Destination { Service = "edge-app-default" } },\n',
    ),
    names: /^service-router\/edge-app Routes\[0\]/,
  },
  {
    scenario: 'header-routing',
    name: 'prefix for exact',
    fails: 'expectations',
    args: inFile('header-routing.hcl', 'Exact = "east"', 'Prefix = "east"'),
    names: /^service-router\/edge-app Routes\[0\]/,
  },
  {
    scenario: 'header-routing',
    name: 'the header misspelt',
    fails: 'expectations',
    args: inFile('header-routing.hcl', '"edge-location"', '"edge_location"'),
    names: /^service-router\/edge-app Routes\[1\]/,
  },
  {
    scenario: 'header-routing',
    name: 'no route for the header',
    fails: 'expectations',
    args: inFile('header-routing.hcl', eastRoute, ''),
    names: /^service-router\/edge-app Routes\[0\]/,
  },
  {
    scenario: 'retries-and-timeouts',
    name: 'retries for what never reached a replica alone',
    fails: 'success-rate',
    args: inFile(
      'retries-and-timeouts.hcl',
      '["5xx", "reset", "connect-failure"]',
      '["connect-failure"]',
      'retries-and-timeouts-ejection.hcl',
    ),
    names: /^service-router\/edge-app Routes\[0\]\.Destination\.RetryOn/,
  },
  {
    scenario: 'retries-and-timeouts',
    name: 'no time limit',
    // Latency says nothing where the machine had no processor to spare for as long as a request waited.
    fails: 'success-rate',
    args: inFile(
      'retries-and-timeouts.hcl',
      / *RequestTimeout = "1s"\n/,
      '',
      'retries-and-timeouts-ejection.hcl',
    ),
    names: /^RequestTimeout: 15 s \(default of Envoy\)$/,
  },
  {
    scenario: 'retries-and-timeouts',
    name: 'ejection left at its default cap, so that retries are all there is',
    fails: 'success-rate',
    args: inFile(
      'retries-and-timeouts-ejection.hcl',
      / *MaxEjectionPercent = 70\n/,
      '',
      'retries-and-timeouts.hcl',
    ),
    names: /^MaxEjectionPercent: 10 %/,
  },
  {
    scenario: 'canary-rollout',
    name: 'a filter of a subset that selects nothing',
    fails: 'error-count',
    args: inFile('canary-subsets.hcl', 'track == canary', 'track == canari', 'canary-0.json'),
    names: /^service-resolver\/edge-app Subsets\.canary\.Filter/,
  },
  {
    scenario: 'canary-rollout',
    name: 'weights swapped',
    fails: 'proportion',
    args: (folder) => [
      '--set',
      `changes.0.apply.0=${planted(folder, 'canary-10.json', /"stable"([\s\S]*)"canary"/, '"canary"$1"stable"')}`,
    ],
    names: /^service-splitter\/edge-app/,
  },
  {
    scenario: 'canary-rollback',
    name: 'a bad version without a guard',
    fails: 'error-count',
    args: () => ['--set', 'changes.0.guard='],
    names: /^changes half: no guard/,
  },
  {
    scenario: 'control-plane-outage',
    name: 'no retries when a replica dies',
    fails: 'error-count',
    args: inFile(
      'control-plane-outage.hcl',
      / *NumRetries = 3\n *RetryOn .*\n/,
      '',
      'canary-subsets.hcl',
      'canary-0.json',
      'control-plane-outage-ejection.hcl',
    ),
    names: /NumRetries: 0/,
  },
  {
    scenario: 'control-plane-outage',
    name: 'the default cap of 10 % of two hosts leaves a dead replica in',
    fails: 'error-count',
    args: inFile(
      'control-plane-outage-ejection.hcl',
      / *MaxEjectionPercent = 50\n/,
      '',
      'canary-subsets.hcl',
      'canary-0.json',
      'control-plane-outage.hcl',
    ),
    names: /MaxEjectionPercent.*: 10 %?/,
  },
  {
    scenario: 'control-plane-outage',
    name: 'weights swapped in a change made while the agent is gone',
    fails: 'proportion',
    args: (folder) => [
      '--set',
      `changes.0.apply.0=${planted(folder, 'control-plane-outage-change.json', /80([\s\S]*)20/, '20$0180')}`,
    ],
    names: /^service-splitter\/edge-app/,
  },
  {
    scenario: 'authorization',
    name: 'a prefix, which a path with .. in it has too',
    fails: 'expectations',
    args: inFile('authorization.hcl', 'PathRegex = "/items(/[a-z0-9]+)?"', 'PathPrefix = "/items"'),
    names: /^service-intentions\/edge-app Sources\[0\]\.Permissions\[1\]: ALLOW/,
  },
  {
    scenario: 'authorization',
    name: 'nothing behind the last permission',
    fails: 'expectations',
    args: inFile(
      'authorization.hcl',
      /,\n {6}\{\n {8}Action = "deny"\n {8}HTTP \{\n {10}PathPrefix = "\/"\n {8}\}\n {6}\}/,
      '',
    ),
    names: /^service-intentions\/edge-app Sources\[0\]\.Permissions: ALLOW whatever else$/,
  },
  {
    scenario: 'authorization',
    name: 'the wrong source',
    fails: 'expectations',
    args: inFile('authorization.hcl', 'Name = "frontend"', 'Name = "intruder"'),
    names: /^service-intentions\/edge-app Sources\[1\]: DENY$/,
  },
  {
    scenario: 'authorization',
    name: 'a method missing',
    fails: 'expectations',
    args: inFile('authorization.hcl', '["GET", "POST"]', '["GET"]'),
    names: /^service-intentions\/edge-app Sources\[0\]\.Permissions\[1\]: ALLOW GET /,
  },
  {
    scenario: 'zone-failover',
    name: 'no failover',
    fails: 'time-to-fail-over',
    args: inFile(
      'zone-failover.yaml',
      /\n {2}failover:\n {4}east:\n {6}targets:\n {8}- serviceSubset: west/,
      '',
    ),
    names: /^service-resolver\/edge-app Subsets\.east: no failover$/,
  },
  {
    scenario: 'zone-failover',
    name: 'failover of the other subset',
    fails: 'time-to-fail-over',
    args: inFile(
      'zone-failover.yaml',
      /failover:\n {4}east([\s\S]*)serviceSubset: west/,
      'failover:\n    west$1serviceSubset: east',
    ),
    names: /^service-resolver\/edge-app Failover\.west is not in effect: /,
  },
  {
    scenario: 'zone-failover',
    name: 'callers of one zone sent to the other',
    fails: 'share',
    args: inFile(
      'zone-failover.yaml',
      /defaultSubset: east([\s\S]*)failover:\n {4}east([\s\S]*)serviceSubset: west/,
      'defaultSubset: west$1failover:\n    west$2serviceSubset: east',
    ),
    names: /^service-resolver\/edge-app/,
  },
  {
    scenario: 'multi-cluster',
    name: 'no failover to the peer',
    fails: 'share',
    args: inFile(
      'multi-cluster-failover.hcl',
      /\nFailover = [\s\S]*/,
      '\n',
      'multi-cluster.hcl',
      'multi-cluster-ejection.hcl',
    ),
    names: /Failover/,
  },
  {
    scenario: 'multi-cluster',
    name: 'exported from the network that calls',
    fails: 'time-to-fail-over',
    args: inFile(
      'multi-cluster.hcl',
      /"west"([\s\S]*)"east"/,
      '"east"$1"west"',
      'multi-cluster-failover.hcl',
      'multi-cluster-ejection.hcl',
    ),
    names: /^exported-services\/default Services\[0\] is not in effect: it is what east exports/,
  },
  {
    scenario: 'multi-cluster',
    name: 'nothing exported',
    fails: 'time-to-fail-over',
    args: inFile(
      'multi-cluster.hcl',
      /Services = \[[\s\S]*/,
      'Services = []\n',
      'multi-cluster-failover.hcl',
      'multi-cluster-ejection.hcl',
    ),
    names: /^exported-services: none for it \(default of Consul\)$/,
  },
  {
    scenario: 'multi-cluster',
    name: 'the way through a gateway of the own network, which has none',
    fails: 'share',
    args: inFile(
      'multi-cluster-ejection.hcl',
      / {6}Name = "edge-app"\n/,
      '      Name = "edge-app"\n      MeshGateway {\n        Mode = "local"\n      }\n',
      'multi-cluster.hcl',
      'multi-cluster-failover.hcl',
    ),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.MeshGateway\.Mode: local$/,
  },
  {
    scenario: 'multi-cluster',
    name: 'replicas that stay ejected for longer than they are away',
    fails: 'time-to-return',
    args: inFile(
      'multi-cluster-ejection.hcl',
      '"10s"',
      '"60s"',
      'multi-cluster.hcl',
      'multi-cluster-failover.hcl',
    ),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.PassiveHealthCheck\.BaseEjectionTime/,
  },
  {
    scenario: 'multi-cluster',
    name: 'the other network refuses callers of this one',
    fails: 'time-to-fail-over',
    args: beside(
      `Kind = "service-intentions"
Name = "edge-app"
Meta { network = "west" }
Sources = [{ Name = "frontend", Peer = "east", Action = "deny" }]
`,
      'multi-cluster.hcl',
      'multi-cluster-failover.hcl',
      'multi-cluster-ejection.hcl',
    ),
    names: /^service-intentions\/edge-app Sources\[0\]: DENY$/,
  },
  {
    scenario: 'no-way-past',
    name: 'nothing is said of others than shop',
    fails: 'expectations',
    args: inFile('no-way-past.hcl', /,\n {2}\{\n {4}Name {3}= "\*"[\s\S]*?\}/, ''),
    names: /^service-intentions\/stock/,
  },
  {
    scenario: 'no-way-past',
    name: 'everybody may call',
    fails: 'expectations',
    args: inFile('no-way-past.hcl', '"deny"', '"allow"'),
    names: /^service-intentions\/stock/,
  },
  {
    scenario: 'sidecar-out-of-memory',
    name: 'no retries',
    fails: 'success-rate',
    args: inFile(
      'sidecar-out-of-memory.yaml',
      / *numRetries: 3\n *retryOn: .*\n/,
      '        requestTimeout: 15s\n',
    ),
    names: /NumRetries: 0/,
  },
  {
    scenario: 'sidecar-out-of-memory',
    name: 'the default cap of 10 % of three hosts ejects nobody',
    fails: 'time-to-eject',
    args: inFile('sidecar-out-of-memory.yaml', / *# One replica[\s\S]*maxEjectionPercent: 50\n/, ''),
    names: /MaxEjectionPercent.*: 10 %?/,
  },
  {
    scenario: 'telemetry',
    name: 'limits that refuse nothing',
    fails: 'overflow',
    args: inFile(
      'telemetry.hcl',
      / *MaxConnections .*\n *MaxPendingRequests .*\n/,
      '        MaxConnections = 1000\n',
    ),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.Limits\.MaxConnections: 1,?000$/,
  },
  {
    scenario: 'grpc',
    name: 'retries in words of HTTP',
    fails: 'error-count',
    args: inFile('grpc.yaml', '[unavailable, connect-failure, refused-stream]', '[5xx, connect-failure]'),
    names: /^service-router\/edge-app Routes\[0\]\.Destination\.RetryOn/,
  },
  {
    scenario: 'grpc',
    name: 'limits of connections, which calls share',
    fails: 'overflow',
    args: inFile('grpc.yaml', 'maxConcurrentRequests: 20', 'maxConnections: 4'),
    names: /MaxConcurrentRequests|^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.Limits/,
  },
  {
    scenario: 'tcp',
    name: 'a limit of requests for a port of bytes',
    fails: 'overflow',
    args: inFile('tcp.hcl', 'MaxConnections = 20', 'MaxConcurrentRequests = 20'),
    names: /^MaxConnections: 1,024 \(default of Envoy\)$/,
  },
  {
    scenario: 'tcp',
    name: 'the default cap of 10 % of three hosts ejects nobody',
    fails: 'time-to-eject',
    args: inFile('tcp.hcl', / *MaxEjectionPercent = 50\n/, ''),
    names: /^MaxEjectionPercent: 10 % \(default of Envoy\)$/,
  },
  {
    scenario: 'mtls',
    name: 'a version of TLS that callers do not speak unless they are told to',
    fails: 'expectations',
    args: inFile('mtls.hcl', 'TLSv1_2', 'TLSv1_3'),
    names: /^mesh\/mesh TLS\.Incoming\.TLSMinVersion: TLSv1_3$/,
  },
  {
    scenario: 'mtls',
    name: 'an intention that forgets a caller',
    fails: 'expectations',
    args: beside(
      'Kind = "service-intentions"\nName = "edge-app"\nSources = [{ Name = "frontend", Action = "allow" }, { Name = "*", Action = "deny" }]\n',
      'mtls.hcl',
    ),
    names: /^service-intentions\/edge-app Sources\[1\]: DENY$/,
  },
  {
    scenario: 'tcp',
    name: 'ejection switched off',
    fails: 'time-to-eject',
    args: inFile('tcp.hcl', 'MaxFailures      = 3', 'EnforcingConsecutive5xx = 0'),
    names: /PassiveHealthCheck\.EnforcingConsecutive5xx: 0$/,
  },
  {
    scenario: 'tcp',
    name: 'limits and ejection in the service-defaults of who is called',
    fails: 'time-to-eject',
    args: inFile('tcp.hcl', 'Name = "frontend"', 'Name = "edge-app"\nProtocol = "tcp"'),
    names:
      /^service-defaults\/edge-app UpstreamConfig\.Overrides\[0\]\.PassiveHealthCheck is not in effect: /,
  },
  {
    scenario: 'tcp',
    name: 'no time for a connection to come about',
    fails: 'success-rate',
    args: inFile('tcp.hcl', 'ConnectTimeoutMs = 500', 'ConnectTimeoutMs = 1'),
    names: /^service-defaults\/frontend UpstreamConfig\.Overrides\[0\]\.ConnectTimeoutMs: 1$/,
  },
  {
    scenario: 'tcp',
    name: 'an intention that denies the caller',
    fails: 'success-rate',
    args: beside(
      'Kind = "service-intentions"\nName = "edge-app"\nSources = [{ Name = "frontend", Action = "deny" }]\n',
      'tcp.hcl',
    ),
    names: /^service-intentions\/edge-app Sources\[0\]: DENY$/,
  },
  {
    scenario: 'tcp',
    name: 'a server that takes two connections at a time',
    fails: 'overflow',
    args: beside(
      'Kind = "service-defaults"\nName = "edge-app"\nProtocol = "tcp"\nMaxInboundConnections = 2\n',
      'tcp.hcl',
    ),
    names: /^service-defaults\/edge-app MaxInboundConnections: 2$/,
  },
];
