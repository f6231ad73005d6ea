import { expect, test } from 'vitest';
import type { BuiltRun } from '../../evidence/testing/build-evidence.ts';
import { analysed, expectViolated, violations } from '../testing/analysed.ts';
import { healed, outage } from '../testing/outage.ts';
import { onTime } from './on-time.ts';

/** The fault of 4 s is taken back later, and goes on until then. */
const longer = (byMs: number): BuiltRun => {
  const run = outage({
    change: (request) =>
      request.dueMs < 8_000 || request.dueMs >= 8_000 + byMs
        ? request
        : {
            ...request,
            status: 503,
            attempts: request.attempts.map((each) => ({ ...each, status: 503 })),
          },
  });
  const journal = run.journal?.map((entry) =>
    entry.event === 'reverting' || entry.event === 'reverted' ? { ...entry, t: entry.t + byMs } : entry,
  );
  return { ...run, ...(journal === undefined ? {} : { journal }) };
};

/** Every 40 ms, with a hole. */
const machine = (holeMs: number) =>
  Array.from({ length: 250 }, (_, index) => ({
    t: index * 40 + (index > 100 ? holeMs : 0),
    cpus: 2,
    idleMs: index * 60 + (index > 100 ? holeMs : 0),
  }));

test('a fault that lasted longer than planned', async () => {
  await expectViolated(onTime, longer(2_000));
});

test('a moment longer is what a busy machine does', async () => {
  expect(violations(await analysed(longer(500)))).toEqual([]);
});

test('a harness that was stopped', async () => {
  await expectViolated(onTime, { ...healed(), machine: machine(6_000) });
  expect(violations(await analysed({ ...healed(), machine: machine(900) }))).toEqual([]);
});
