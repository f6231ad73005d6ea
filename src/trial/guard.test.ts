import { expect, test } from 'vitest';
import type { StatisticsSample } from '../model/evidence.ts';
import { GuardWatch, watchedBy } from './guard.ts';

const sample = (t: number, counters: Partial<StatisticsSample>, instance = 'frontend-1') =>
  ({
    t,
    instance,
    service: 'edge-app',
    completed: 0,
    failed: 0,
    strayed: 0,
    overflow: 0,
    ...counters,
  }) as StatisticsSample;

const one = [{ instance: 'frontend-1', others: [] }];
const success = { kind: 'success-rate', atLeast: 0.99, atMost: undefined, overMs: 1_000 } as const;
const errors = { kind: 'error-rate', atLeast: undefined, atMost: 0.01, overMs: 1_000 } as const;

test('a guard looks back over its time, and says nothing before it has passed or of few requests', () => {
  const watch = new GuardWatch(success, one);
  expect(watch.look([sample(0, { completed: 1_000, failed: 500 })])).toBeUndefined();
  expect(watch.look([sample(400, { completed: 1_040, failed: 500 })])).toBeUndefined();
  expect(watch.look([sample(1_000, { completed: 1_100, failed: 500 })])).toEqual({
    holds: true,
    value: 1,
    text: '100 % of 100 requests',
  });
  expect(watch.look([sample(1_000, { completed: 1_100, failed: 500 })]), 'the same sample').toBeUndefined();
  expect(watch.look([sample(1_400, { completed: 1_140, failed: 510 })])).toEqual({
    holds: false,
    value: 0.9,
    text: '90 % of 100 requests',
  });
  const idle = new GuardWatch(success, one);
  idle.look([sample(0, {})]);
  expect(idle.look([sample(1_000, { completed: 19, failed: 19 })])).toBeUndefined();
});

test('what was refused to protect the service counts for a success rate, and for no error rate', () => {
  const look = (guard: typeof success | typeof errors) => {
    const watch = new GuardWatch(guard, one);
    watch.look([sample(0, {})]);
    return watch.look([sample(1_000, { completed: 100, failed: 10, overflow: 10 })])?.value;
  };
  expect(look(success)).toBe(0.9);
  expect(look(errors)).toBe(0);
});

test('a guard sums over all clients, and waits for one that did not answer', () => {
  const two = [...one, { instance: 'frontend-2', others: [] }];
  const watch = new GuardWatch(errors, two);
  const both = (t: number, completed: number, failed: number) => [
    sample(t, { completed, failed }),
    sample(t, { completed }, 'frontend-2'),
  ];
  watch.look(both(0, 0, 0));
  expect(watch.look([sample(1_000, { completed: 100 })])).toBeUndefined();
  expect(watch.look(both(1_200, 50, 10))).toMatchObject({ holds: false, value: 0.1 });
});

test('requests that no service got have failed, once for each client', () => {
  const watch = new GuardWatch(success, one);
  const both = (t: number, completed: number, strayed: number) => [
    sample(t, { completed, strayed }),
    { ...sample(t, { completed, strayed }), service: 'other' },
  ];
  watch.look(both(0, 0, 0));
  expect(watch.look(both(1_000, 40, 20))?.text).toBe('80 % of 100 requests');
});

test('what routes lead to counts, whatever was called; what other loads call does not', () => {
  const loads = [
    { name: 'shop', from: 'frontend', to: 'edge-app' },
    { name: 'bills', from: 'frontend', to: 'billing' },
  ];
  const watched = watchedBy({ load: 'shop' }, loads, [
    { name: 'frontend-1', service: 'frontend' },
    { name: 'edge-app-1', service: 'edge-app' },
  ]);
  expect(watched).toEqual([{ instance: 'frontend-1', others: ['billing'] }]);
  const watch = new GuardWatch(success, watched);
  const all = (t: number, toCanary: number, toBilling: number) => [
    sample(t, {}),
    { ...sample(t, { completed: toCanary, failed: toCanary }), service: 'edge-app-canary' },
    { ...sample(t, { completed: toBilling }), service: 'billing' },
  ];
  watch.look(all(0, 0, 0));
  expect(watch.look(all(1_000, 40, 400))?.text).toBe('0 % of 40 requests');
});

test('counters that go with their cluster are no requests taken back', () => {
  const watch = new GuardWatch(success, one);
  const both = (t: number, stable: number, canary?: number) => [
    sample(t, { completed: stable }),
    ...(canary === undefined ? [] : [{ ...sample(t, { completed: canary }), service: 'edge-app-canary' }]),
  ];
  watch.look(both(0, 100, 1_000));
  expect(watch.look(both(1_000, 200, 1_000))?.text).toBe('100 % of 100 requests');
  expect(watch.look(both(1_200, 220))).toBeUndefined();
  expect(watch.look(both(2_200, 320))?.text).toBe('100 % of 100 requests');
});
