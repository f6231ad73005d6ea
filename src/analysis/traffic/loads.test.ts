import { expect, test } from 'vitest';
import { type BuiltRun, buildEvidence, client } from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';
import { type Analysis, analyse } from '../analyse.ts';
import { violations } from '../testing/analysed.ts';
import { healed, outagePlan } from '../testing/outage.ts';

const shopping = { name: 'shopping', from: 'frontend' } as const;
const batch = { name: 'batch', from: 'batch' } as const;

/** A run of two loads: every third request is one of the second. Each has a client of its own unless they share one. */
async function analysed(loads: NonNullable<BuiltRun['loads']>, run = healed()): Promise<Analysis> {
  const [, second] = loads;
  const { trial, topology } = outagePlan([]);
  const [first] = trial.loads;
  if (!first) throw new Error('the plan has no load');
  await using built = await buildEvidence({
    ...run,
    instances: [...run.instances, { ...client('batch-1'), service: 'batch' }],
    requests: run.requests.map((request, index) =>
      index % 3 === 0 ? { ...request, load: 1, client: `${second?.from}-1` } : request,
    ),
    loads,
  });
  const both = loads.map(({ name, from }) => ({ ...first, name, from }));
  return await analyse({
    trial: { ...trial, loads: both },
    topology,
    directory: built.directory,
    mesh: istio,
    resources: [],
  });
}

const finding = ({ validity }: Analysis, rule: string) => validity.find((each) => each.rule === rule);

test('each load is judged by its own numbers, and named', async () => {
  const analysis = await analysed([shopping, batch]);
  expect(violations(analysis)).toEqual([]);
  expect(analysis.traffic.requests).toBe(2_400);
  expect(finding(analysis, 'requests-agree')).toMatchObject({
    observed: 'shopping: 1,600 sent, 1,600 in the logs; batch: 800 sent, 800 in the logs',
    limit: 'within 0.1 % or 2 requests',
  });
  expect(finding(analysis, 'answers-agree')?.observed).toBe('shopping: they agree; batch: they agree');
  expect(finding(analysis, 'generator-lag')?.observed).toMatch(/^shopping: p99 .* ms; batch: p99 .* ms/);
});

test('loads of one client are told apart by what their requests say', async () => {
  const search = { name: 'search', from: 'frontend' } as const;
  const open = await analysed([shopping, search]);
  expect(violations(open)).toEqual([]);
  expect(finding(open, 'requests-agree')?.observed).toBe(
    'shopping: 1,600 sent, 1,600 in the logs; search: 800 sent, 800 in the logs',
  );
  const closed = await analysed([shopping, { ...search, loop: 'closed', carriesDue: false }]);
  expect(violations(closed)).toEqual([]);
  const script = await analysed([{ ...shopping, loop: 'script', carriesDue: false }, search]);
  expect(violations(script)).toEqual([]);
});

test('what is wrong with one load makes the run invalid, and says which', async () => {
  const dropped = await analysed([shopping, { ...batch, droppedIterations: 30 }]);
  expect(violations(dropped)).toEqual(['dropped-iterations']);
  expect(finding(dropped, 'dropped-iterations')).toMatchObject({
    observed: 'shopping: 0 % (0 of 1,600); batch: 3.614 % (30 of 830)',
    detail: expect.stringMatching(/^batch: All of k6's 10 users/),
  });
  const crashed = await analysed([{ ...shopping, exitCode: 107 }, batch]);
  expect(violations(crashed)).toEqual(['load-finished']);
  const answers = await analysed([shopping, { ...batch, answers: { '2xx': 800 } }]);
  expect(violations(answers)).toEqual(['answers-agree']);
  const clock = await analysed([
    { ...shopping, latencyMs: { p50: 300 } },
    { ...batch, latencyMs: { p50: 3 } },
  ]);
  expect(violations(clock)).toEqual(['latencies-agree']);
});

test('loads of one client are told apart by what their requests say', async () => {
  const { trial, topology } = outagePlan([]);
  const [first] = trial.loads;
  if (!first) throw new Error('the plan has no load');
  const second = { name: 'browsing', from: 'frontend' } as const;
  const run = healed();
  await using built = await buildEvidence({
    ...run,
    requests: run.requests.map((request, index) => (index % 3 === 0 ? { ...request, load: 1 } : request)),
    loads: [shopping, second],
  });
  const analysis = await analyse({
    trial: { ...trial, loads: [shopping, second].map((load) => ({ ...first, ...load })) },
    topology,
    directory: built.directory,
    mesh: istio,
    resources: [],
  });
  expect(violations(analysis)).toEqual([]);
  expect(finding(analysis, 'requests-agree')?.observed).toBe(
    'shopping: 1,600 sent, 1,600 in the logs; browsing: 800 sent, 800 in the logs',
  );
});

test('a rule does not apply when it applies to none of the loads', async () => {
  const closed = { loop: 'closed', carriesDue: false } as const;
  const one = await analysed([shopping, { ...batch, ...closed }]);
  expect(violations(one)).toEqual([]);
  expect(finding(one, 'dropped-iterations')).toMatchObject({
    status: 'ok',
    limit: 'shopping: at most 0.1 %; batch: only in an open loop',
  });
  expect(one.notes.filter((note) => note.startsWith('batch: '))).toHaveLength(2);
  const both = await analysed([
    { ...shopping, ...closed },
    { ...batch, ...closed },
  ]);
  expect(finding(both, 'dropped-iterations')).toMatchObject({
    status: 'not-applicable',
    limit: 'only in an open loop',
  });
});
