import type { FoundService, FoundWorkload, Wanted } from './contract.ts';

const faultAt = 6;
const faultFor = 5;
const loadFor = 18;

/**
 * The text of a scenario that says what every service owes its callers: a steady state, and one replica that dies where
 * there is another one. It is meant to be read and changed, so it explains itself.
 */
export function scenarioText(wanted: Wanted): string {
  const { name, namespace, from, to, services, rate, latency, configuration } = wanted;
  const called = services.find((service) => service.name === to);
  const replicas = called?.workloads.reduce((sum, workload) => sum + workload.replicas, 0) ?? 1;
  const [victim] = called?.workloads ?? [];
  const faults = victim !== undefined && replicas > 1;
  return [
    `# Checked by: npx breakwater lint FILE. Every field: docs/reference.md of Breakwater.`,
    `name: ${name}`,
    'description: >-',
    faults
      ? `  ${to} answers ${from}, also while one of its replicas is dead, and all is well again soon after.`
      : `  ${to} answers ${from}.`,
    '',
    'topology:',
    ...(namespace === 'default' ? [] : [`  namespace: ${namespace}`]),
    '  services:',
    ...services.flatMap((service) => serviceLines(service, latency)),
    `    # Sends the load, and runs no app of its own.`,
    `    ${from}:`,
    '      workloads:',
    `        - name: ${from}`,
    `          locality: ${victim?.locality ?? 'region1/zone-a'}`,
    '',
    'mesh:',
    '  configuration:',
    ...configuration.map((path) => `    - ${JSON.stringify(path)}`),
    '',
    'load:',
    `  from: ${from}`,
    `  to: ${to}`,
    `  rate: ${rate}`,
    `  duration: ${loadFor}s`,
    '',
    ...(faults ? faultLines(victim) : []),
    'checks:',
    '  - kind: success-rate',
    `    during: ${faults ? 'steady' : 'run'}`,
    '    atLeast: 99.5%',
    '  - kind: latency',
    `    during: ${faults ? 'steady' : 'run'}`,
    '    percentile: 95',
    '    # What your callers can live with.',
    '    atMost: 500ms',
    ...(faults
      ? [
          '  # Retries and outlier detection are what makes this hold.',
          '  - kind: success-rate',
          '    during: fault',
          '    atLeast: 90%',
          '  - kind: success-rate',
          '    during: recovery',
          '    after: 3s',
          '    atLeast: 99%',
        ]
      : []),
    '',
  ].join('\n');
}

function serviceLines(service: FoundService, latency: string): string[] {
  const { name, port, extraPorts, protocol, serviceAccount, workloads } = service;
  return [
    `    ${name}:`,
    `      port: ${port}`,
    ...(extraPorts.length === 0 ? [] : [`      extraPorts: [${extraPorts.join(', ')}]`]),
    ...(serviceAccount === undefined ? [] : [`      serviceAccount: ${serviceAccount}`]),
    '      app:',
    '        # How long an answer takes; lognormal:5ms,50ms has a median and a p99.',
    `        serviceTime: constant:${latency}`,
    ...(protocol === 'http2' ? ['        protocol: http2'] : []),
    '      workloads:',
    ...workloads.flatMap(workloadLines),
  ];
}

function workloadLines({ name, replicas, labels, locality }: FoundWorkload): string[] {
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return [
    `        - name: ${name}`,
    `          locality: ${locality ?? 'region1/zone-a'}`,
    `          replicas: ${replicas}`,
    ...(pairs.length === 0 ? [] : [`          labels: { ${pairs.join(', ')} }`]),
  ];
}

const faultLines = ({ name }: FoundWorkload) => [
  'faults:',
  '  - kind: kill',
  '    on:',
  `      workload: ${name}`,
  '      replica: 1',
  `    at: ${faultAt}s`,
  `    for: ${faultFor}s`,
  '',
];

/** Mesh configuration to begin with, for who has none: hosts that fail are taken out, and callers ask again. */
export function starterRule(service: string, namespace: string): string {
  return `# Takes a replica out for a while when it fails, and bounds what waits for one.
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${service}
  namespace: ${namespace}
spec:
  host: ${service}
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 100
        connectTimeout: 1s
      http:
        http1MaxPendingRequests: 100
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 1s
      baseEjectionTime: 10s
      maxEjectionPercent: 50
`;
}
