import { expect, test } from 'vitest';
import type { ChangeRecord, FaultRecord } from '../../checks/facts.ts';
import { planned } from '../testing/outage.ts';
import { windowOf, windowsOf } from './windows.ts';

const fault = (
  name: string,
  injected: number | undefined,
  reverting?: number,
  reverted?: number,
): FaultRecord => ({
  name,
  kind: 'error',
  description: name,
  targets: ['a'],
  plannedAtMs: 0,
  plannedForMs: 0,
  injectingAtMs: injected === undefined ? undefined : injected - 10,
  injectedAtMs: injected,
  revertingAtMs: reverting,
  revertedAtMs: reverted,
});

const change = (name: string, changing: number | undefined, arrived?: number): ChangeRecord => ({
  name,
  description: name,
  plannedAtMs: 0,
  changingAtMs: changing,
  arrivedAtMs: arrived,
  arrivals: {},
  guard: undefined,
});

test('the window of a change begins when every sidecar holds it, and ends before the next one', () => {
  const changes = [change('one', 4_000, 4_200), change('two', 8_000, 8_300), change('three', undefined)];
  const windows = windowsOf([], changes, 2_000, 10_000);
  expect(windows).toEqual([
    { name: 'steady', fromMs: 2_000, toMs: 4_000 },
    { name: 'change', change: 'one', fromMs: 4_200, toMs: 8_000 },
    { name: 'change', change: 'two', fromMs: 8_300, toMs: 10_000 },
    { name: 'run', fromMs: 2_000, toMs: 10_000 },
  ]);
  const check = planned({ kind: 'success-rate', during: 'change', change: 'two', atLeast: '99%' });
  expect(windowOf({ ...check, change: 'two' }, windows)).toMatchObject({ fromMs: 8_300 });
  expect(windowOf({ ...check, change: 'three' }, windows)).toMatchObject({ fromMs: 0, toMs: 0 });
});

test('windows follow what really happened', () => {
  const windows = windowsOf(
    [fault('a', 5_000, 8_000, 8_100), fault('b', 12_000, 15_000, 15_050)],
    [],
    2_000,
    20_000,
  );
  expect(windows).toEqual([
    { name: 'steady', fromMs: 2_000, toMs: 4_990 },
    { name: 'fault', fault: 'a', fromMs: 5_000, toMs: 8_000 },
    { name: 'recovery', fault: 'a', fromMs: 8_100, toMs: 11_990 },
    { name: 'fault', fault: 'b', fromMs: 12_000, toMs: 15_000 },
    { name: 'recovery', fault: 'b', fromMs: 15_050, toMs: 20_000 },
    { name: 'run', fromMs: 2_000, toMs: 20_000 },
  ]);
});

test('without faults all of the load is steady state', () => {
  expect(windowsOf([], [], 2_000, 10_000)[0]).toEqual({ name: 'steady', fromMs: 2_000, toMs: 10_000 });
});

test('a fault that never ended lasts to the end of the load, one that never came has no window', () => {
  const windows = windowsOf([fault('a', 5_000), fault('b', undefined)], [], 0, 9_000);
  expect(windows.filter(({ fault }) => fault !== undefined)).toEqual([
    { name: 'fault', fault: 'a', fromMs: 5_000, toMs: 9_000 },
  ]);
});

test('after trims the start, up to nothing', () => {
  const windows = windowsOf([fault('a', 5_000, 8_000, 8_000)], [], 0, 9_000);
  const of = (after: string) =>
    windowOf(planned({ kind: 'success-rate', during: 'fault', atLeast: '99%', after }, 'a'), windows);
  expect(of('1s')).toMatchObject({ fromMs: 6_000, toMs: 8_000 });
  expect(of('10s')).toMatchObject({ fromMs: 8_000, toMs: 8_000 });
});
