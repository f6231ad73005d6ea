import { expect, test } from 'vitest';
import { ProblemsError } from '../kit/problems.ts';
import { planScenario } from '../plan/plan.ts';
import { explainIssues } from '../scenario/explain.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';

/** A frontend and an app that is called in two zones, and calls onward from one of them into the other. */
const planned = (fault: object) =>
  planScenario(
    loadedScenario({
      name: 'network',
      description: 'The network fails.',
      topology: {
        services: {
          frontend: { workloads: [{ name: 'frontend', locality: 'region1/east' }] },
          shop: {
            app: { calls: [{ to: 'stock' }], bytes: 50_000 },
            workloads: [{ name: 'shop', locality: 'region1/west' }],
          },
          stock: { extraPorts: [9090], workloads: [{ name: 'stock', locality: 'region1/east' }] },
        },
      },
      load: { from: 'frontend', to: 'shop', rate: '10/s', duration: '20s', warmup: '1s' },
      faults: [{ at: '5s', for: '5s', ...fault }],
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '50%' }],
    }),
  );

const firstFault = (fault: object) => {
  const { trial, topology } = planned(fault);
  const [made] = trial.faults;
  if (made === undefined) throw new Error('no fault was planned');
  return { made, links: topology.links ?? [] };
};

const disturbed = (fault: object) =>
  firstFault(fault).made.actions.map(({ inject }) =>
    inject.do === 'disturb-link' ? [inject.target.from, inject.target.to, inject.disturbance] : inject,
  );

/** The path and the message of every mistake. */
function mistakes(fault: object): string[] {
  try {
    planned(fault);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test('a fault on a workload disturbs what everybody sends to it, or what one locality does', () => {
  const kind = 'network-latency';
  const delay = { kind: 'latency', delayMs: 200, jitterMs: 50 };
  const on = { workload: 'stock' };
  expect(disturbed({ kind, on, delay: '200ms', jitter: '50ms' })).toEqual([
    ['region1/east', 'stock-1', delay],
    ['region1/west', 'stock-1', delay],
  ]);
  const { made } = firstFault({ kind, on, delay: '200ms', from: 'region1/west' });
  expect(made.actions.map(({ inject }) => inject.target)).toEqual([
    { kind: 'link', from: 'region1/west', to: 'stock-1' },
  ]);
  expect(made.description).toBe('stock is 200 ms further away for calls from region1/west');
});

test('whoever is disturbed for some callers stands behind relays for all of them; others do without', () => {
  const fault = { kind: 'network-reset', on: { workload: 'stock' }, from: 'region1/west' };
  expect(firstFault(fault).links).toEqual([
    { from: 'region1/east', to: 'stock-1' },
    { from: 'region1/west', to: 'stock-1' },
  ]);
  expect(firstFault({ kind: 'kill', on: { workload: 'stock' } }).links).toEqual([]);
});

test('a partition one way loses calls in that direction, and answers to calls in the other', () => {
  const kind = 'network-partition';
  const { made } = firstFault({ kind, from: 'region1/east', to: 'region1/west' });
  expect(disturbed({ kind, from: 'region1/east', to: 'region1/west' })).toEqual([
    ['region1/east', 'shop-1', { kind: 'loss', of: 'requests' }],
    ['region1/west', 'stock-1', { kind: 'loss', of: 'answers' }],
  ]);
  expect(made.targets).toEqual(['shop-1', 'stock-1']);
  expect(made.description).toBe('the network loses what region1/east sends to region1/west');
});

test('a narrow network is expected to show by what answers take at that rate', () => {
  const kind = 'network-bandwidth';
  const { made } = firstFault({ kind, on: { workload: 'shop' }, rate: '100KB/s' });
  expect(made.proof).toEqual({ kind: 'slower-link', ms: 250, share: 0.5 });
  expect(disturbed({ kind, on: { workload: 'shop' }, rate: '0.1MB/s' })[0]).toEqual([
    'region1/east',
    'shop-1',
    { kind: 'bandwidth', bytesPerSecond: 100_000 },
  ]);
});

test.each([
  [
    { kind: 'network-reset', on: { workload: 'stock' }, from: 'region1/nord' },
    'faults.0.from: nobody calls from "region1/nord"',
  ],
  [
    { kind: 'network-latency', on: { workload: 'stock' }, delay: '0ms' },
    'faults.0.delay: a delay of 0 ms is no fault',
  ],
  [
    { kind: 'network-partition', from: 'region1', to: 'region1/west' },
    'faults.0.to: a partition lies between two places, and region1/west is no other than region1',
  ],
  [
    { kind: 'network-partition', from: 'region1/east', to: 'region2' },
    'faults.0.to: nothing runs in "region2"',
  ],
])('%o is a mistake with its line', (fault, mistake) => {
  expect(mistakes(fault)).toEqual([mistake]);
});

test('loss of single packets is refused by name, with what shows the same', () => {
  const written = { faults: [{ kind: 'network-loss', on: { workload: 'shop' }, at: '1s', for: '1s' }] };
  const { error } = scenarioSchema.safeParse(written);
  const explained = explainIssues(error?.issues ?? [], scenarioSchema, written);
  expect(explained.find(({ path }) => path[0] === 'faults')).toMatchObject({
    message: 'unknown kind "network-loss"',
    hint: expect.stringContaining('network-latency with jitter'),
  });
});

test.each([
  [{ kind: 'network-bandwidth', on: { workload: 'shop' }, rate: '100' }, 'bytes per second'],
  [{ kind: 'network-bandwidth', on: { workload: 'shop' }, rate: '0KB/s' }, 'bytes per second'],
  [{ kind: 'network-black-hole', on: { workload: 'shop' }, form: 'region1/east' }, 'form'],
  [{ kind: 'network-partition', from: 'region1/east', to: 'region1/west', on: { workload: 'shop' } }, 'on'],
])('%o is refused', (fault, words) => {
  expect(() => planned(fault)).toThrow(words);
});
