import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TuningReport } from '../src/report/tuning/model.ts';
import type { Question } from '../src/tuning/contract.ts';
import { longestQueue } from '../src/tuning/model.ts';
import { parseObjective } from '../src/tuning/objective.ts';
import { type SimulatedService, simulateTrial } from '../src/tuning/testing/simulated-service.ts';
import { type Draw, drawn } from './draws.ts';
import { outputOf } from './support.ts';

/** A service whose capacity is known, as the sample app is set and as the model has it. */
interface Shape {
  readonly name: string;
  readonly rate: number;
  readonly slo: string;
  readonly set: readonly string[];
  readonly http2?: true;
  readonly service: Omit<SimulatedService, 'serviceMs'>;
  serviceMs(draw: Draw): number;
}

const even = { rate: 100, slo: 'p95 < 300ms, success >= 99.9%', serviceMs: () => 200 } as const;
const app = 'topology.services.edge-app';

/** log-normal with a median of 150 ms and a p99 of 600 ms, as `lognormal:150ms,600ms`. */
const sigma = Math.log(600 / 150) / 2.3263;
const normal = (draw: Draw) =>
  Math.sqrt(-2 * Math.log(1 - draw.between(0, 1))) * Math.cos(2 * Math.PI * draw.between(0, 1));

const shapes: readonly Shape[] = [
  { ...even, name: 'one replica', set: [], service: { clients: 1, servers: 60 } },
  {
    ...even,
    name: 'four replicas',
    set: [`${app}.workloads.0.replicas=4`, `${app}.app.concurrency=15`],
    service: { clients: 1, servers: 60, hosts: 4 },
  },
  {
    ...even,
    name: 'uneven zones',
    set: [
      `${app}.workloads=[{name: east, locality: region1/zone-east, replicas: 3}, {name: west, locality: region1/zone-west}]`,
      `${app}.app.concurrency=15`,
    ],
    service: { clients: 1, servers: 60, hosts: 4 },
  },
  {
    ...even,
    name: 'two clients',
    rate: 160,
    // Of fewer replicas the sidecars would be what limits: they have the same limits, for both clients together.
    set: [
      'topology.services.frontend.workloads.0.replicas=2',
      `${app}.workloads.0.replicas=4`,
      `${app}.app.concurrency=25`,
    ],
    service: { clients: 2, servers: 100, hosts: 4 },
  },
  {
    name: 'slow tail',
    rate: 100,
    slo: 'p95 < 700ms, success >= 99.9%',
    set: [`${app}.app.serviceTime=lognormal:150ms,600ms`],
    service: { clients: 1, servers: 60 },
    serviceMs: (draw) => 150 * Math.exp(sigma * normal(draw)),
  },
  { ...even, name: 'HTTP/2', set: [], http2: true, service: { clients: 1, servers: 60 } },
];

const http2Rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: edge-app }
spec:
  host: edge-app
  trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: UPGRADE } } }
`;

type MeshName = 'istio' | 'consul';

/** A search that proves nothing says nothing about how well it searches; how many there were is told. */
const MOST_AGAIN = 3;

/** Real searches on the lab for services whose best limit is known by the model. */
export async function searchOnLab(mesh: MeshName, searches: number, only: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-tune-'));
  const rule = join(folder, 'http2.yaml');
  writeFileSync(rule, http2Rule);
  console.log(`${mesh}, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model}`);
  console.log('  shape           best   found: value (trials, seconds)');
  let [good, all, invalid] = [0, 0, 0];
  try {
    for (const shape of shapes) {
      if (only !== undefined && shape.name !== only) continue;
      const best = bestOf(shape);
      const found: string[] = [];
      for (let search = 0; search < searches; search += 1) {
        let report = await tune(mesh, shape, folder, rule);
        let again = 0;
        for (; report?.ended === 'invalid' && again < MOST_AGAIN; again++)
          report = await tune(mesh, shape, folder, rule);
        invalid += again;
        const value = report?.limits[0]?.value;
        const hit = report?.ended === 'found' && value !== undefined && Math.abs(value - best) <= 0.1 * best;
        all += 1;
        if (hit) good += 1;
        found.push(
          `${report?.ended === 'found' ? '' : `${report?.ended ?? 'error'} `}${value ?? '-'}${hit ? '' : '!'} (${report?.trials.length ?? '-'}, ${Math.round((report?.wallMs ?? 0) / 1_000)})`,
        );
      }
      console.log(`  ${shape.name.padEnd(14)} ${String(best).padStart(5)}   ${found.join('  ')}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `  within 10 % of the best: ${good} of ${all}; ! marks the others. ${invalid} searches said of themselves that this machine was too busy, and were made again.`,
  );
  if (good < all) process.exitCode = 1;
}

/** Of exact trials of the model, so many hold with the best limit: where chance has a part, no limit is sharp. */
const MOSTLY = 0.75;
const EXACT_TRIALS = 100;

/** So many service times make their mean what it is to a part in a thousand. */
const MEAN_OF = 100_000;

/**
 * The smallest pool with which most exact trials of the model hold, at the rate with its headroom; and no smaller than
 * what is under way then: its queue grows without end, however long a trial it takes for that to show.
 */
function bestOf(shape: Shape): number {
  const times = drawn(2);
  const meanMs =
    Array.from({ length: MEAN_OF }, () => shape.serviceMs(times)).reduce((sum, ms) => sum + ms, 0) / MEAN_OF;
  const draw = drawn(1);
  const underWay = (shape.rate * 1.1 * meanMs) / 1_000 / shape.service.clients;
  const objective = parseObjective(shape.slo);
  const question: Pick<Question, 'objective' | 'rate'> = { objective, rate: shape.rate };
  const service = { ...shape.service, serviceMs: () => shape.serviceMs(draw) };
  const rate = shape.rate * 1.1;
  const trial = (limits: Parameters<typeof simulateTrial>[1]['limits']) =>
    simulateTrial(service, { purpose: 'proof', judged: 'nominal', rate, limits }, question, () =>
      draw.between(0, 1),
    );
  const free = trial('none');
  const atMostMs = objective.latencies[0]?.atMostMs ?? 0;
  const slack = (0.8 * (atMostMs - (Object.values(free.latencyMs)[0] ?? 0))) / 1_000;
  for (let size = 1; ; size += 1) {
    const limits = shape.http2
      ? { 'http.http2MaxRequests': size }
      : {
          'tcp.maxConnections': size,
          'http.http1MaxPendingRequests': longestQueue(size, free.serviceMs / 1_000, slack, service.hosts),
        };
    const held = Array.from({ length: EXACT_TRIALS }, () => trial(limits)).filter(
      ({ holds }) => holds,
    ).length;
    if (held >= MOSTLY * EXACT_TRIALS && size > underWay - 1e-6) return size;
  }
}

async function tune(
  mesh: MeshName,
  shape: Shape,
  reports: string,
  rule: string,
): Promise<TuningReport | undefined> {
  // Callers of Consul speak what the app does.
  const http2 = mesh === 'istio' ? ['--config', rule] : ['--set', `${app}.app.protocol=http2`];
  const args = [
    ...['tune', 'bench/tune.yaml', '--mesh', mesh, '--slo', shape.slo, '--rate', `${shape.rate}/s`],
    ...shape.set.flatMap((each) => ['--set', each]),
    ...(shape.http2 ? http2 : []),
    ...['--reports', reports, '--json', '--quiet'],
  ];
  const output = await outputOf(...args);
  return output.startsWith('{') ? JSON.parse(output) : undefined;
}
