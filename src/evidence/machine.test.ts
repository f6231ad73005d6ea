import { expect, test } from 'vitest';
import { Saturation } from './machine.ts';

const ORIGIN_MS = 1_000_000;

/** Two processors, a sample every 100 ms from 0 on, with the given share idle before each. */
function saturation(...idleShares: readonly number[]): Saturation {
  const built = new Saturation();
  let idleMs = 5_000;
  built.add({ t: ORIGIN_MS, cpus: 2, idleMs }, ORIGIN_MS);
  for (const [index, share] of idleShares.entries()) {
    idleMs += share * 200;
    built.add({ t: ORIGIN_MS + (index + 1) * 100, cpus: 2, idleMs }, ORIGIN_MS);
  }
  return built;
}

test('a machine with something to spare is not saturated', () => {
  expect(saturation(1, 0.5, 0.2).during(-1_000, 1_000)).toBe(0);
  expect(new Saturation().during(0, 1_000)).toBe(0);
});

test('what saturates a sample may have begun in the one before and ended in the one after', () => {
  const one = saturation(0.9, 0.9, 0, 0.9, 0.9);
  expect(one.during(0, 500)).toBe(300);
  expect(one.during(150, 250)).toBe(100);
  expect(one.during(0, 110)).toBe(10);
  expect(one.during(390, 500)).toBe(10);
  expect(one.during(400, 500)).toBe(0);
  expect(one.during(300, 200)).toBe(0);
});

test('spans that touch count once, and the first sample has none before it', () => {
  expect(saturation(0, 0, 0.9, 0.01, 0.9, 0.9).during(0, 600)).toBe(500);
  expect(saturation(0.9, 0, 0.9, 0.9, 0.9, 0, 0.9).during(0, 700)).toBe(600);
});

test('what was busy is what was not idle since the load began, whoever kept it so', () => {
  expect(new Saturation().busy).toBeUndefined();
  expect(saturation().busy).toBeUndefined();
  const { cpus, ms, busyMs = Number.NaN } = saturation(0.9, 0.5, 0.25, 0.75).busy ?? {};
  expect({ cpus, ms }).toEqual({ cpus: 2, ms: 400 });
  expect(busyMs).toBeCloseTo(320, 6);
  const early = new Saturation();
  for (const [t, idleMs] of [
    [-100, 0],
    [0, 10],
    [100, 110],
  ] as const) {
    early.add({ t: ORIGIN_MS + t, cpus: 2, idleMs }, ORIGIN_MS);
  }
  expect(early.busy).toEqual({ cpus: 2, ms: 100, busyMs: 100 });
});
