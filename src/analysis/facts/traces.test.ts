import { expect, test } from 'vitest';
import { checkKind, checkSchema } from '../../checks/index.ts';
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

const loaded = (propagates = true) =>
  loadedScenario({
    name: 'traced',
    description: 'A shop that asks its stock, and tells of every other request.',
    topology: {
      services: {
        frontend: { workloads: [{ name: 'frontend', locality: 'local/east' }] },
        shop: {
          app: { calls: [{ to: 'stock' }], propagates },
          workloads: [{ name: 'shop', locality: 'local/east' }],
        },
        stock: { workloads: [{ name: 'stock', locality: 'local/east', replicas: 2 }] },
      },
    },
    mesh: { tracing: {} },
    load: { from: 'frontend', to: 'shop', rate: '100/s', duration: '4s', warmup: '500ms' },
    checks: [{ kind: 'complete-traces', during: 'run' }],
  });

/** Every request goes to stock as well; every fifth call there is tried again. */
function run(traces: BuiltRun['traces'], context: BuiltRun['context'] = {}): BuiltRun {
  const requests = Array.from({ length: 400 }, (_, index): BuiltRequest => {
    const first = { host: 'stock-1', status: 503, ms: 0.5 };
    const last = { host: 'stock-2', status: 200, ms: 0.5 };
    const call = { to: 'stock', status: 200, ms: 3, attempts: index % 5 === 0 ? [first, last] : [last] };
    return {
      dueMs: index * 10,
      status: 200,
      ms: 6 + index / 100,
      cluster: 'outbound|8080||shop.default.svc.cluster.local',
      attempts: [{ host: 'shop-1', status: 200, ms: 5, calls: [call] }],
    };
  });
  return {
    instances: [
      client(),
      server('shop', 1, 'local/east', '127.1.0.1:8080', 'shop'),
      server('stock', 1, 'local/east', '127.1.0.2:8080', 'stock'),
      server('stock', 2, 'local/east', '127.1.0.3:8080', 'stock'),
    ],
    requests,
    loadMs: 4_000,
    processes: [0, 2_000, 4_000].map((t) => ({ t, name: 'k6', pid: 7, cpuMs: t / 10, rssBytes: 1e8 })),
    context,
    ...(traces === undefined ? {} : { traces }),
  };
}

const planned = (check: unknown): PlannedCheck => {
  const parsed = checkSchema.parse(check);
  return { name: checkKind(parsed).describe(parsed), check: parsed, fault: undefined };
};
const checks = [
  planned({ kind: 'complete-traces', during: 'run' }),
  planned({ kind: 'complete-traces', during: 'run', of: 'retried' }),
  planned({ kind: 'proportion', during: 'run', of: { traced: true }, expected: '50%' }),
];

async function analysed(built: BuiltRun, propagates = true) {
  await using evidence = await buildEvidence(built);
  const { trial, topology } = planScenario(loaded(propagates));
  return await analyse({
    trial: { ...trial, checks },
    topology,
    directory: evidence.directory,
    mesh: istio,
    resources: [],
  });
}
const told = ({ checks: all }: Awaited<ReturnType<typeof analysed>>) =>
  all.map(({ status, name, observed, detail }) =>
    [`${status}: ${name}: ${observed}`, ...(detail === undefined ? [] : [detail])].join('; '),
  );

const everyOther = { of: (index: number) => index % 2 === 0 };

test('traces are whole with a span of every sidecar, retries included; how many there are is what was sampled', async () => {
  const analysis = await analysed(run(everyOther));
  expect(told(analysis)).toMatchInlineSnapshot(`
    [
      "pass: traces whole: 100 % of 175 traces",
      "pass: traces of retried requests whole: 100 % of 35 traces",
      "pass: 50 % of requests traced: 50 % (39.819 % to 60.181 %); 175 requests of 350 requests traced",
    ]
  `);
  expect(analysis.traces).toEqual({ provider: 'zipkin', requests: 350, sampled: 175, whole: 175 });
});

test('an app that passes no trace on is named, with the line of the scenario that says so', async () => {
  const analysis = await analysed(run({ ...everyOther, parts: 'shop-1' }), false);
  expect(told(analysis)[0]).toBe(
    'fail: traces whole: 0 % of 175 traces; in 175 traces shop calls onward outside the trace of its request',
  );
  expect(analysis.checks[0]?.reason).toMatchObject({
    setting: 'topology.services.shop.app.propagates: false',
    source: expect.stringMatching(/^example\.yaml/),
  });
});

test('of an app whose code nobody knows that is all there is to say', async () => {
  const { checks: all } = await analysed(run({ ...everyOther, parts: 'shop-1' }));
  expect(all[0]?.reason?.setting).toBe('app of shop: passes no headers of a trace on');
});

test('a sidecar that reports nothing breaks every trace that comes by it, and is named', async () => {
  const analysis = await analysed(run({ ...everyOther, silent: 'stock-2' }));
  expect(told(analysis)[0]).toBe(
    'fail: traces whole: 0 % of 175 traces; in 175 traces the sidecar of stock-2 tells nothing of what came to its app, or not as part of the trace',
  );
});

test('nothing sampled is too few, and no whole trace', async () => {
  const analysis = await analysed(run({ of: () => false }));
  expect(analysis.checks.map(({ status }) => status)).toEqual(['invalid', 'invalid', 'fail']);
});

test('what was lost on its way breaks no trace: the run proves nothing', async () => {
  const lost = { 'frontend-1': { sent: 10_000, lost: 0 } };
  const analysis = await analysed(run({ ...everyOther, silent: 'stock-2' }, { spans: lost }));
  expect(analysis.validity.find(({ rule }) => rule === 'spans-arrived')).toMatchObject({
    status: 'violated',
    observed: 'all but 9,800 of 10,000 spans',
  });
  expect(analysis.checks[0]?.status).toBe('invalid');
  expect(analysis.verdict).toBe('invalid');
});

test('the slowest requests are told with all that came of them, whether they are traced or not', async () => {
  const { waterfalls = [] } = await analysed(run(everyOther));
  const [first] = waterfalls;
  expect(waterfalls.map(({ why }) => why)).toEqual(['slowest', 'slowest', 'slowest', 'tried again']);
  expect(first?.bars.map(({ who, what, depth }) => `${'  '.repeat(depth)}${who} ${what}`)).toEqual([
    'frontend-1 calls shop',
    '  shop-1 takes it',
    '    shop-1 calls stock',
    '      stock-2 takes it',
  ]);
  expect(waterfalls.at(-1)?.bars.map(({ who, traced }) => `${who} ${traced}`)).toEqual([
    'frontend-1 true',
    'shop-1 true',
    'shop-1 true',
    'stock-1 true',
    'stock-2 true',
  ]);
  expect(first?.latencyMs).toBeGreaterThanOrEqual(waterfalls[1]?.latencyMs ?? 0);
});
