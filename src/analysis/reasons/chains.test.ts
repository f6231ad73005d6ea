import { expect, test } from 'vitest';
import { checkKind, checkSchema } from '../../checks/index.ts';
import { readEvidence } from '../../evidence/evidence.ts';
import {
  type BuiltRequest,
  type BuiltRun,
  buildEvidence,
  client,
  server,
} from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';
import type { PlannedCheck } from '../../plan/contract.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { analyse } from '../analyse.ts';

const instances = [
  client(),
  server('shop', 1, 'local/east', '127.1.0.1:8080', 'shop'),
  server('shop', 2, 'local/east', '127.1.0.2:8080', 'shop'),
  server('stock', 1, 'local/east', '127.1.0.3:8080', 'stock'),
  server('ledger', 1, 'local/west', '127.1.0.4:8080', 'ledger'),
];

const at = (locality: string, calls: readonly object[] = []) => ({ locality, calls });
const service = (name: string, { locality, calls }: ReturnType<typeof at>, replicas = 1) => ({
  app: { calls },
  workloads: [{ name, locality, replicas }],
});

const plan = planScenario(
  loadedScenario({
    name: 'chain',
    description: 'A shop asks its stock, which asks its ledger.',
    topology: {
      services: {
        frontend: { workloads: [{ name: 'frontend', locality: 'local/east' }] },
        shop: service('shop', at('local/east', [{ to: 'stock', path: '/items' }]), 2),
        stock: service('stock', at('local/east', [{ to: 'ledger' }])),
        ledger: service('ledger', at('local/west')),
      },
    },
    load: { from: 'frontend', to: 'shop', rate: '100/s', duration: '4s', warmup: '500ms' },
    faults: [{ kind: 'error', on: { service: 'ledger' }, at: '2s', for: '1s' }],
    checks: [{ kind: 'success-rate', during: 'fault', atLeast: '99%' }],
  }),
);

/** Every request by way of shop, stock and ledger; `ledgerFails` tells at which times the last one answers 503. */
function run(ledgerFails: (dueMs: number) => boolean, tries = 1): BuiltRun {
  const requests = Array.from({ length: 400 }, (_, index): BuiltRequest => {
    const dueMs = index * 10;
    const failing = ledgerFails(dueMs);
    const status = failing ? 502 : 200;
    const atLedger = { host: 'ledger-1', status: failing ? 503 : 200, ms: 0.5 };
    const ofStock = { to: 'ledger', status: failing ? 503 : 200, ms: 1, attempts: [atLedger] };
    const atStock = { host: 'stock-1', status, ms: 2, calls: [ofStock] };
    const ofShop = {
      to: 'stock',
      status,
      ms: 2 + tries,
      attempts: Array.from({ length: tries }, () => atStock),
    };
    return {
      dueMs,
      status,
      ms: 6,
      cluster: 'outbound|8080||shop.default.svc.cluster.local',
      attempts: [{ host: `shop-${1 + (index % 2)}`, status, ms: 5, calls: [ofShop] }],
    };
  });
  return {
    instances,
    requests,
    loadMs: 4_000,
    processes: [0, 2_000, 4_000].map((t) => ({ t, name: 'k6', pid: 7, cpuMs: t / 10, rssBytes: 1e8 })),
    effective: Object.fromEntries(plan.topology.instances.map(({ name }) => [name, []])),
    journal: [
      { t: 1_998, event: 'injecting', fault: 'error', target: 'ledger-1' },
      { t: 2_000, event: 'injected', fault: 'error', target: 'ledger-1' },
      { t: 3_000, event: 'reverting', fault: 'error', target: 'ledger-1' },
      { t: 3_002, event: 'reverted', fault: 'error', target: 'ledger-1' },
    ],
  };
}

async function analysed(built: BuiltRun, checks: readonly object[] = []) {
  await using evidence = await buildEvidence(built);
  const { topology } = plan;
  const planned: readonly PlannedCheck[] = checks.map((each) => {
    const check = checkSchema.parse(each);
    return { name: checkKind(check).describe(check), check, fault: 'error' };
  });
  const trial = checks.length === 0 ? plan.trial : { ...plan.trial, checks: planned };
  return await analyse({ trial, topology, directory: evidence.directory, mesh: istio, resources: [] });
}

const duringFault = (dueMs: number) => dueMs >= 2_000 && dueMs < 3_000;

test('calls of apps are no requests of the load, and belong to the request that they were made for', async () => {
  await using built = await buildEvidence(run(() => false, 2));
  const { requests, calls, arrivals, quality } = await readEvidence(built.directory, istio.telemetry);
  expect(requests.length).toBe(400);
  expect(quality).toMatchObject({ strangeArrivals: 0, duplicateIds: 0, malformedLines: 0 });
  // Shop's, and stock's for each of its two tries.
  expect(calls.length).toBe(400 * 3);
  expect(arrivals.length).toBe(400 * 5);
  expect(requests.arrivals[7]).toBe(1);
  expect(arrivals.instance[requests.lastArrival[7] as number]).toBe(2);
  const made = [...calls.of(7)].map((row) => [
    instances[calls.caller[row] as number]?.name,
    calls.arrivals[row],
  ]);
  expect(made.sort()).toEqual([
    ['shop-2', 2],
    ['stock-1', 1],
    ['stock-1', 1],
  ]);
});

test('a fault at the end of a chain is proven there, and the answer at its beginning says why', async () => {
  const analysis = await analysed(run(duringFault));
  expect(analysis.validity.filter(({ status }) => status === 'violated')).toEqual([]);
  expect(analysis.faults[0]?.efficacy).toMatchObject({ status: 'proven', samples: 98 });
  expect(analysis.errors).toHaveLength(1);
  expect(analysis.errors[0]).toMatchObject({
    status: 502,
    flag: 'app',
    host: 'ledger-1',
    zone: 'local/west',
    count: 100,
    cause: expect.stringMatching(
      /^The app of shop failed, since its call to stock got 502, and that since the call of stock to ledger got 503\. The app of ledger itself answered 503\.$/,
    ),
  });
  expect(analysis.checks[0]?.reason?.text).toBe(analysis.errors[0]?.cause);
});

test('who called whom has the calls of apps, with every attempt', async () => {
  const { topology } = await analysed(run(() => false, 2));
  // Without the warmup.
  expect(topology.edges.map(({ from, to, byWindow }) => [from, to, byWindow['run']?.requests])).toEqual([
    ['frontend-1', 'shop-1', 175],
    ['frontend-1', 'shop-2', 175],
    ['shop-1', 'stock-1', 350],
    ['shop-2', 'stock-1', 350],
    ['stock-1', 'ledger-1', 700],
  ]);
});

test('what a sidecar in the middle refused is told as its own', async () => {
  const built = run(() => false);
  const refused = built.requests.map((request, index): BuiltRequest => {
    const [attempt] = request.attempts;
    if (index % 4 !== 0 || attempt === undefined) return request;
    const call = {
      to: 'stock',
      status: 503,
      ms: 0.2,
      flags: 'UO',
      details: 'upstream_reset_before_response_started{overflow}',
      attempts: [],
    };
    return { ...request, status: 502, attempts: [{ ...attempt, status: 502, calls: [call] }] };
  });
  const { errors, topology } = await analysed({ ...built, requests: refused });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ status: 502, flag: 'UO', count: 100, host: 'shop-1' });
  expect(errors[0]?.cause).toContain('The app of shop failed, since its call to stock got 503.');
  expect(errors[0]?.cause).toContain('so the sidecar of shop refused the request');
  // Of 175 after the warmup every other one was refused, and never got there.
  expect(topology.edges.find(({ to }) => to === 'stock-1')?.byWindow['run']?.requests).toBe(88);
});

test('an app that failed by itself is not blamed on a call', async () => {
  const built = run(() => false);
  const requests = built.requests.map((request, index): BuiltRequest => {
    if (index % 4 !== 0) return request;
    return {
      ...request,
      status: 500,
      attempts: request.attempts.map((each) => ({ ...each, status: 500, calls: [] })),
    };
  });
  const { errors } = await analysed({ ...built, requests });
  expect(errors.map(({ cause }) => cause)).toEqual(['The app of shop itself answered 500.']);
});

test('a request that was cut off says whom the apps were waiting for', async () => {
  const gone = { status: 0, ms: 900, flags: 'DC', details: 'downstream_remote_disconnect' };
  const built = run(() => false);
  const requests = built.requests.map((request, index): BuiltRequest => {
    if (index % 4 !== 0) return request;
    const ofStock = { ...gone, to: 'ledger', attempts: [{ ...gone, host: 'ledger-1' }] };
    const ofShop = { ...gone, to: 'stock', attempts: [{ ...gone, host: 'stock-1', calls: [ofStock] }] };
    const attempts = [{ ...gone, host: 'shop-1', calls: [ofShop] }];
    return { ...request, status: 504, ms: 900, flags: 'UT', details: 'response_timeout', attempts };
  });
  const { errors } = await analysed({ ...built, requests });
  expect(errors.map(({ cause, flag }) => `${flag}: ${cause}`)).toEqual([
    "UT: The host of shop did not answer within the route's timeout. The app of shop was waiting for stock then, and that of stock for ledger.",
  ]);
});

test('who answered is asked of calls where only apps call, and attempts of all that was sent to a service', async () => {
  const built = run(duringFault, 2);
  const checks = [
    { kind: 'share', during: 'run', of: { workload: 'stock' }, atLeast: '100%' },
    { kind: 'share', during: 'run', of: { zone: 'local/west' }, atLeast: '100%' },
    { kind: 'share', during: 'run', of: { workload: 'shop' }, atLeast: '100%' },
    { kind: 'proportion', during: 'run', of: { service: 'ledger' }, expected: '100%' },
    { kind: 'attempts', during: 'run', atMost: 1 },
    { kind: 'attempts', during: 'run', service: 'stock', atMost: 1 },
    { kind: 'attempts', during: 'run', service: 'ledger', atMost: 2 },
  ];
  const analysis = await analysed(built, checks);
  expect(analysis.checks.map(({ name, status, observed }) => `${status} ${name}: ${observed}`)).toEqual([
    'pass share of requests answered by stock at least 100 %: 100 %',
    'pass share of requests answered by local/west at least 100 %: 100 %',
    'pass share of requests answered by shop at least 100 %: 100 %',
    'pass 100 % of requests answered by ledger: 100 % (97.883 % to 100 %)',
    'pass attempts per request at most 1.00: 1.00',
    'fail attempts at stock per request at most 1.00: 2.00',
    'pass attempts at ledger per request at most 2.00: 2.00',
  ]);
});
