import { expect, test } from 'vitest';
import {
  type BuiltRequest,
  type BuiltRun,
  buildEvidence,
  client,
  server,
  startTime,
} from '../evidence/testing/build-evidence.ts';
import { accessLine } from '../meshes/envoy/testing/access-line.ts';
import { istio } from '../meshes/istio/index.ts';
import type { InstanceContext } from '../model/evidence.ts';
import { planScenario } from '../plan/plan.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { analyse } from './analyse.ts';
import { planned } from './testing/outage.ts';

const host = 'shop.example.com';
const at = (name: string) => ({ name, locality: 'local/east' });

const { trial, topology } = planScenario(
  loadedScenario({
    name: 'edge',
    description: 'An edge.',
    topology: {
      services: { frontend: { workloads: [at('frontend')] }, shop: { workloads: [at('shop')] } },
      gateways: { edge: { kind: 'ingress', hosts: [host], workloads: [at('edge')] } },
    },
    load: { from: 'frontend', to: host, rate: '200/s', duration: '5s', warmup: '1s' },
    checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
  }),
);

const edge: InstanceContext = {
  name: 'edge-1',
  service: 'edge',
  workload: 'edge',
  replica: 1,
  locality: 'local/east',
  addresses: ['127.1.0.9:8443'],
  role: 'gateway',
  gateway: 'ingress',
};

/** Requests of a client outside the mesh, which a gateway makes calls of. */
function run(call: Partial<NonNullable<BuiltRequest['attempts'][number]['calls']>[number]>): BuiltRun {
  const requests = Array.from({ length: 1_000 }, (_, index): BuiltRequest => {
    const { status = 200, ...more } = call;
    return {
      dueMs: index * 5,
      status,
      ms: 4,
      cluster: `outbound|8443||${host}`,
      attempts: [
        {
          host: 'edge-1',
          status,
          ms: 3,
          gateway: { to: 'shop', status, ms: 3, attempts: [{ host: 'shop-1', status, ms: 1 }], ...more },
        },
      ],
    };
  });
  return {
    instances: [
      { ...client(), locality: 'local/east' },
      server('shop', 1, 'local/east', '127.1.0.1:8080', 'shop'),
      edge,
    ],
    requests,
    effective: {},
    loadMs: 5_000,
    processes: Array.from({ length: 26 }, (_, index) => ({
      t: index * 200,
      name: 'k6',
      pid: 7,
      cpuMs: index * 100,
      rssBytes: 1e8,
    })),
  };
}

async function analysed(built: BuiltRun, ...checks: readonly object[]) {
  await using evidence = await buildEvidence(built);
  return await analyse({
    trial: { ...trial, checks: checks.map((check) => planned(check)) },
    topology,
    directory: evidence.directory,
    mesh: istio,
    resources: [],
  });
}

const violated = ({ validity }: Awaited<ReturnType<typeof analysed>>) =>
  validity.flatMap(({ rule, status }) => (status === 'violated' ? [rule] : []));

test('what came of a gateway that was ended before it could log is no call of the client', async () => {
  const { requests, ...rest } = run({});
  const lost = { host: 'shop-1', status: 200, ms: 1 };
  const analysis = await analysed(
    {
      ...rest,
      requests: requests.map((each, index) =>
        index % 10 > 0 ? each : { ...each, via: 'edge-1', attempts: [lost] },
      ),
    },
    { kind: 'success-rate', during: 'run', atLeast: '99%' },
  );
  expect(analysis.topology.edges.map(({ from, to }) => [from, to])).toEqual([
    ['frontend-1', 'edge-1'],
    ['edge-1', 'shop-1'],
  ]);
});

test('what a gateway takes in goes on as a call of its own, and who answered that is known', async () => {
  const analysis = await analysed(
    run({}),
    { kind: 'success-rate', during: 'run', atLeast: '99%' },
    { kind: 'share', during: 'run', of: { service: 'shop' }, atLeast: '99%' },
  );
  expect(violated(analysis)).toEqual([]);
  expect(analysis.checks.map(({ status }) => status)).toEqual(['pass', 'pass']);
  expect(
    analysis.topology.edges.map(({ from, to, byWindow }) => [from, to, byWindow['run']?.requests]),
  ).toEqual([
    ['frontend-1', 'edge-1', 800],
    ['edge-1', 'shop-1', 800],
  ]);
});

test('what fails behind a gateway is told as the failure of its call', async () => {
  const analysis = await analysed(
    run({
      status: 503,
      flags: 'UF',
      details: 'upstream_reset_before_response_started{connection_failure}',
      attempts: [{ host: 'shop-1', status: 0, ms: 0, unseen: true }],
    }),
    { kind: 'success-rate', during: 'run', atLeast: '99%' },
  );
  expect(violated(analysis)).not.toContain('servers-agree');
  expect(analysis.errors[0]).toMatchObject({ flag: 'UF', status: 503, host: 'shop-1', count: 1_000 });
  expect(analysis.errors[0]?.cause).toMatch(
    /^The gateway edge could not do better, since its call to shop got 503\./,
  );
});

/** Lines of requests to the gateway that never were whole: an Envoy gives none of them an id. */
const unfinishedLines = (count: number, startMs: number) =>
  Array.from({ length: count }, () =>
    accessLine({
      start: startTime(startMs),
      totalUs: '-',
      durationMs: 900,
      status: 0,
      flags: 'DC',
      details: 'downstream_remote_disconnect',
      attempts: 0,
      upstreamHost: '-',
      cluster: '-',
      method: '-',
      requestId: '-',
      due: '-',
      path: '-',
    }),
  ).join('');

test('requests that never were whole prove slow clients, and belong to nobody', async () => {
  const fault = { name: 'slow', source: 'edge.yaml:1', description: '', targets: ['edge-1'] };
  const slow = {
    ...fault,
    fault: { kind: 'slow-clients' } as never,
    atMs: 2_000,
    forMs: 1_000,
    halts: undefined,
    actions: [],
    proof: { kind: 'unfinished', requests: 20 } as const,
  };
  const events = [
    [1_999, 'injecting'],
    [2_000, 'injected'],
    [3_000, 'reverting'],
    [3_001, 'reverted'],
  ] as const;
  const journal = events.map(([t, event]) => ({ t, event, fault: 'slow', target: 'edge-1' }));
  const efficacyOf = async (lines: number) => {
    await using evidence = await buildEvidence({
      ...run({}),
      journal,
      tails: { 'edge-1': unfinishedLines(lines, 2_050) },
    });
    const analysis = await analyse({
      trial: { ...trial, faults: [slow], checks: [] },
      topology,
      directory: evidence.directory,
      mesh: istio,
      resources: [],
    });
    expect(violated(analysis)).not.toContain('servers-agree');
    return analysis.faults[0]?.efficacy;
  };
  expect(await efficacyOf(20)).toMatchObject({
    status: 'proven',
    observed: '20 requests that never were whole',
  });
  expect(await efficacyOf(10)).toMatchObject({ status: 'unproven' });
});
