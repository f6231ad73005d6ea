import { expect, test } from 'vitest';
import { type BuiltRequest, buildEvidence, client, server } from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';
import { analyse } from '../analyse.ts';

const plan = planScenario(
  loadedScenario({
    name: 'restart',
    description: 'A replica of shop is restarted.',
    topology: {
      services: {
        frontend: { workloads: [{ name: 'frontend', locality: 'local/east' }] },
        shop: {
          app: { startCalls: [{ to: 'stock' }] },
          sidecar: { drain: '0s' },
          workloads: [{ name: 'shop', locality: 'local/east', replicas: 2 }],
        },
        stock: { workloads: [{ name: 'stock', locality: 'local/east' }] },
      },
    },
    load: { from: 'frontend', to: 'shop', rate: '100/s', duration: '6s', warmup: '500ms' },
    faults: [{ kind: 'restart', on: { workload: 'shop', replica: 1 }, at: '2s', for: '2s' }],
    checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
  }),
);

/** The reason of requests to shop-1 that fail like this while they are due in this span. */
const reasonOf = async (failing: Partial<BuiltRequest>, fromMs: number, toMs: number) =>
  (await analysisOf(failing, fromMs, toMs)).errors[0];

async function analysisOf(failing: Partial<BuiltRequest> = {}, fromMs = 0, toMs = 0) {
  const requests = Array.from({ length: 600 }, (_, index): BuiltRequest => {
    const dueMs = index * 10;
    const host = dueMs < 2_000 || dueMs >= 4_000 ? `shop-${1 + (index % 2)}` : 'shop-2';
    const cluster = 'outbound|8080||shop.default.svc.cluster.local';
    const sound = { dueMs, status: 200, ms: 6, cluster, attempts: [{ host, status: 200, ms: 5 }] };
    return dueMs >= fromMs && dueMs < toMs ? { ...sound, ...failing } : sound;
  });
  await using evidence = await buildEvidence({
    instances: [
      client(),
      server('shop', 1, 'local/east', '127.1.0.1:8080', 'shop'),
      server('shop', 2, 'local/east', '127.1.0.2:8080', 'shop'),
      server('stock', 1, 'local/east', '127.1.0.3:8080', 'stock'),
    ],
    requests,
    loadMs: 6_000,
    processes: [0, 3_000, 6_000].map((t) => ({ t, name: 'k6', pid: 7, cpuMs: t / 10, rssBytes: 1e8 })),
    effective: Object.fromEntries(plan.topology.instances.map(({ name }) => [name, []])),
    journal: [
      { t: 2_000, event: 'injecting', fault: 'restart', target: 'shop-1' },
      { t: 2_500, event: 'injected', fault: 'restart', target: 'shop-1' },
      { t: 4_000, event: 'reverting', fault: 'restart', target: 'shop-1' },
      { t: 4_400, event: 'reverted', fault: 'restart', target: 'shop-1' },
    ],
  });
  const { trial, topology } = plan;
  return await analyse({
    trial,
    topology,
    directory: evidence.directory,
    mesh: istio,
    resources: [],
  });
}

const fault = { setting: expect.stringMatching(/^fault restart: shop-1 is stopped/) };

test('what was under way when the sidecar ended is put down to how long that goes on', async () => {
  const cut = { status: 503, ms: 200, flags: 'UC', attempts: [{ host: 'shop-1', status: 0, ms: 190 }] };
  const before = await reasonOf(cut, 1_900, 2_000);
  expect(before).toMatchObject({
    cause:
      'shop-1 was told to stop, and its sidecar ended 0s later, whatever was still under way: what its app had not answered by then was lost.',
    setting: 'topology.services.shop.sidecar.drain: 0s',
    others: [fault],
  });
});

test('what the sidecar could not hand to its app any more is put down to how long that goes on', async () => {
  const refused = {
    status: 503,
    ms: 3,
    attempts: [{ host: 'shop-1', status: 503, ms: 2, flags: 'UF' }],
  };
  expect(await reasonOf(refused, 2_050, 2_200)).toMatchObject({
    cause: expect.stringContaining('its app closed its port 0s later'),
    setting: 'topology.services.shop.app.drain: 0s',
    others: [fault],
  });
});

test('an app that came before its sidecar has not got what it asked for', async () => {
  const lacking = { status: 503, ms: 3, attempts: [{ host: 'shop-1', status: 503, ms: 2 }] };
  expect(await reasonOf(lacking, 4_500, 6_000)).toMatchObject({
    cause: expect.stringContaining('The app of shop-1 started before its sidecar was ready'),
    setting: 'topology.services.shop.sidecar.holdsApp: false',
    others: [fault],
  });
});

test('what has another reason keeps it', async () => {
  const answered = { status: 503, ms: 3, attempts: [{ host: 'shop-1', status: 503, ms: 2 }] };
  expect((await reasonOf(answered, 1_000, 1_200))?.setting).not.toMatch(/^topology/);
  const ofTheOther = { ...answered, attempts: [{ host: 'shop-2', status: 503, ms: 2 }] };
  expect((await reasonOf(ofTheOther, 4_500, 6_000))?.setting).not.toMatch(/^topology/);
});

test('a restart is on from the moment that the replica is told to stop, and charts have its requests where they were due', async () => {
  const { faults, windows, series } = await analysisOf();
  expect(faults[0]).toMatchObject({ injectedAtMs: 2_000, revertedAtMs: 4_400 });
  expect(windows.find(({ name }) => name === 'fault')).toMatchObject({ fromMs: 2_000, toMs: 4_000 });
  expect(faults[0]?.efficacy).toMatchObject({ status: 'proven' });
  // 100/s in steps of half a second: no gap while it goes, and no peak after that.
  expect(series.outcomes['ok']).toEqual(new Array(12).fill(50));
});
