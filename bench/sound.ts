/**
 * Whether sound configuration is ever blamed: the three scenarios with configuration of ordinary users that does
 * what the scenario wants, drawn from a seed: locality left alone, several rules, subsets, port settings, short and
 * full host names, several namespaces. A run that fails is a false alarm; one that is invalid had a machine too busy
 * to tell, and is counted apart. `npm run bench:sound -- [runs] [seed] [at a time]`; 100 runs, three at a time, take
 * about 20 minutes on two cores.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Draw, drawn } from './draws.ts';
import { runScenario } from './support.ts';

const runs = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? 1);
const atATime = Number(process.argv[4] ?? 3);

type Values = Readonly<Record<string, unknown>>;
/** What a scenario promises about, as rules of a DestinationRule that keep the promise. */
const policies: Readonly<Record<string, (draw: Draw) => Values>> = {
  'circuit-breaker': (draw) => ({
    connectionPool: draw.chance(0.25)
      ? {
          tcp: { maxConnections: draw.whole(100, 1_000) },
          http: { http2MaxRequests: draw.whole(95, 125), maxRequestsPerConnection: draw.of(0, 100) },
        }
      : {
          tcp: { maxConnections: draw.whole(95, 125), connectTimeout: draw.of('1s', '5s') },
          http: {
            http1MaxPendingRequests: draw.whole(10, 60),
            maxRequestsPerConnection: draw.of(0, 10, 100),
          },
        },
    // Kept well below: nothing fails at a host, so nothing may be ejected. It switches locality preference on.
    ...(draw.chance(0.4)
      ? {
          outlierDetection: {
            consecutive5xxErrors: draw.whole(3, 10),
            interval: '5s',
            baseEjectionTime: '30s',
          },
        }
      : {}),
    ...(draw.chance(0.4)
      ? { loadBalancer: { simple: draw.of('ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM') } }
      : {}),
  }),
  'outlier-ejection': (draw) => ({
    outlierDetection: {
      ...(draw.chance(0.3)
        ? { consecutiveGatewayErrors: draw.whole(3, 7) }
        : { consecutive5xxErrors: draw.whole(3, 10) }),
      interval: draw.of('500ms', '1s'),
      // As long as the fault, so that one ejection is enough.
      baseEjectionTime: draw.of('6s', '6500ms'),
      maxEjectionPercent: draw.whole(50, 100),
      ...(draw.chance(0.3) ? { minHealthPercent: 0 } : {}),
      ...(draw.chance(0.2)
        ? { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 5 }
        : {}),
    },
    ...draw.of<Values>(
      {},
      { loadBalancer: { localityLbSetting: { enabled: false } } },
      { loadBalancer: { simple: 'ROUND_ROBIN' } },
      { loadBalancer: { simple: 'LEAST_REQUEST', localityLbSetting: { enabled: false } } },
    ),
    ...(draw.chance(0.3) ? { connectionPool: { tcp: { maxConnections: 500 } } } : {}),
  }),
  'zone-failover': (draw) => ({
    outlierDetection: {
      consecutive5xxErrors: draw.whole(3, 7),
      interval: '1s',
      baseEjectionTime: draw.of('3s', '5s'),
      maxEjectionPercent: 100,
    },
    ...draw.of<Values>(
      {},
      { loadBalancer: { localityLbSetting: { enabled: true } } },
      { loadBalancer: { simple: draw.of('ROUND_ROBIN', 'LEAST_REQUEST') } },
      {
        loadBalancer: {
          localityLbSetting: {
            enabled: true,
            failoverPriority: ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'],
          },
        },
      },
    ),
    ...(draw.chance(0.3) ? { connectionPool: { tcp: { maxConnections: 500, connectTimeout: '1s' } } } : {}),
  }),
};

const resource = (apiVersion: string, kind: string, name: string, spec: Values, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec,
});

/** The policy on one of the levels where it counts, and resources that an ordinary mesh has beside it. */
function configuration(scenario: string, namespace: string, draw: Draw): { what: string; yaml: string } {
  const full = `edge-app.${namespace}.svc.cluster.local`;
  const form = draw.of('short', 'full', 'wildcard');
  const host = { short: 'edge-app', full, wildcard: `*.${namespace}.svc.cluster.local` }[form];
  const home = draw.of(undefined, namespace, ...(form === 'short' ? [] : ['istio-system']));
  const policy = policies[scenario]?.(draw) ?? {};
  const level = form === 'wildcard' ? 'host' : draw.of('host', 'port', 'subset');
  const written = [`${form} host`, level, `in ${home ?? 'no namespace of its own'}`];
  const rule: Values = {
    host: level === 'subset' ? full : host,
    ...(level === 'host' ? { trafficPolicy: policy } : {}),
    ...(level === 'port'
      ? {
          trafficPolicy: {
            portLevelSettings: [
              { port: { number: 9090 }, connectionPool: { tcp: { maxConnections: 5 } } },
              { port: { number: 8080 }, ...policy },
            ],
          },
        }
      : {}),
    ...(level === 'subset'
      ? {
          trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
          subsets: [{ name: 'all', labels: { app: 'edge-app' }, trafficPolicy: policy }],
        }
      : {}),
  };
  const resources: unknown[] = [
    resource('networking.istio.io/v1', 'DestinationRule', 'edge-app', rule, home),
  ];
  const destination = { host: full, ...(level === 'subset' ? { subset: 'all' } : {}) };
  if (level === 'subset' || draw.chance(0.4)) {
    written.push('routes');
    resources.push(
      resource('networking.istio.io/v1', 'VirtualService', 'edge-app', {
        hosts: [full],
        http: [
          ...(draw.chance(0.5)
            ? [
                {
                  match: [{ headers: { 'x-batch': { exact: 'nightly' } } }],
                  timeout: '30s',
                  route: [{ destination }],
                },
              ]
            : []),
          { route: [{ destination }], timeout: draw.of('5s', '10s') },
        ],
      }),
    );
  }
  const beside: Readonly<Record<string, () => unknown>> = {
    'PeerAuthentication in the namespace': () =>
      resource('security.istio.io/v1', 'PeerAuthentication', 'default', {
        mtls: { mode: draw.of('STRICT', 'PERMISSIVE') },
      }),
    'AuthorizationPolicy for the client': () =>
      resource('security.istio.io/v1', 'AuthorizationPolicy', 'edge-app', {
        selector: { matchLabels: { app: 'edge-app' } },
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [`cluster.local/ns/${namespace}/sa/frontend`] } }] }],
      }),
    'DestinationRule for another host': () =>
      resource('networking.istio.io/v1', 'DestinationRule', 'frontend', {
        host: 'frontend',
        trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } },
      }),
    'ServiceEntry outside': () =>
      resource('networking.istio.io/v1', 'ServiceEntry', 'payments', {
        hosts: ['payments.example.com'],
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
        location: 'MESH_EXTERNAL',
        resolution: 'DNS',
      }),
  };
  for (const [name, make] of Object.entries(beside))
    if (draw.chance(0.3)) {
      written.push(name);
      resources.push(make());
    }
  return {
    what: written.join(', '),
    yaml: resources.map((each) => stringify(each, { aliasDuplicateObjects: false })).join('---\n'),
  };
}

const scenarios = Object.keys(policies);
const directory = mkdtempSync(join(tmpdir(), 'breakwater-bench-sound-'));
const verdicts = new Map<string, Record<string, number>>(scenarios.map((name) => [name, {}]));
let number = 0;

async function oneAfterAnother(): Promise<void> {
  while (number < runs) {
    const index = number++;
    const draw = drawn(seed * 1_000_003 + index);
    const scenario = scenarios[index % scenarios.length] as string;
    const namespace = draw.of('default', 'shop');
    const { what, yaml } = configuration(scenario, namespace, draw);
    const file = join(directory, `${index}.yaml`);
    writeFileSync(file, yaml);
    const set = `topology.namespace=${namespace}`;
    const report = await runScenario(`scenarios/${scenario}.yaml`, '--config', file, '--set', set).catch(
      (error: Error) => ({ verdict: `no report (${error.message})`, summary: '' }),
    );
    const counts = verdicts.get(scenario) ?? {};
    counts[report.verdict] = (counts[report.verdict] ?? 0) + 1;
    console.log(
      `${String(index + 1).padStart(3)} ${scenario.padEnd(16)} ${report.verdict.padEnd(7)} ${what}`,
    );
    if (report.verdict !== 'pass') console.log(`    ${report.summary}\n${yaml.replace(/^/gm, '    | ')}`);
  }
}

try {
  await Promise.all(Array.from({ length: atATime }, oneAfterAnother));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
console.log(`${runs} runs on sound configuration, seed ${seed}, ${atATime} at a time`);
for (const [scenario, counts] of verdicts)
  console.log(
    `  ${scenario.padEnd(16)} ${Object.entries(counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}`,
  );
const alarms = [...verdicts.values()].some((counts) =>
  Object.keys(counts).some((verdict) => verdict !== 'pass' && verdict !== 'invalid'),
);
if (alarms) process.exitCode = 1;
