import { expect, test } from 'vitest';
import type { BuiltRun } from '../../evidence/testing/build-evidence.ts';
import { analysed, violations } from '../testing/analysed.ts';
import { healed, outage, planned } from '../testing/outage.ts';

/** The same run from a generator that came late, which makes every time doubtful. */
const late = (run: BuiltRun): BuiltRun => ({
  ...run,
  requests: run.requests.map((request, index) => ({ ...request, lagMs: 2 + (index % 100) / 10 })),
});
const never = planned({ kind: 'overflow', during: 'steady', atLeast: 100 });
const fast = planned({ kind: 'latency', during: 'steady', percentile: 95, atMost: '10ms' });

test('a generator that came late is no reason why the mesh refused nobody', async () => {
  const analysis = await analysed(late(healed()), [never, fast]);
  expect(violations(analysis)).toEqual(['generator-lag']);
  expect(analysis.checks.map(({ status }) => status)).toEqual(['fail', 'invalid']);
  expect(analysis.verdict).toBe('fail');
});

test('nor is it a reason why nobody was refused for a rate, or answered from a cache', async () => {
  const unlimited = planned({ kind: 'proportion', during: 'steady', of: { status: 429 }, expected: '50%' });
  const uncached = planned({ kind: 'cache-hits', during: 'steady', atLeast: '90%' });
  const asked = planned({ kind: 'origin-requests', during: 'steady', atMost: 0.5 });
  const analysis = await analysed(late(healed()), [unlimited, uncached, asked, fast]);
  expect(violations(analysis)).toEqual(['generator-lag']);
  expect(analysis.checks.map(({ status }) => status)).toEqual(['fail', 'fail', 'invalid', 'invalid']);
});

test('it may be one for everything else', async () => {
  const few = planned({ kind: 'overflow', during: 'fault', atLeast: 100 }, 'outage');
  expect((await analysed(late(healed()), [few, fast])).verdict).toBe('invalid');
  expect((await analysed(late(healed()), [fast])).verdict).toBe('invalid');
});

test('what held although the generator came late is told from what might have', async () => {
  const slow = planned({ kind: 'latency', during: 'steady', percentile: 95, atMost: '60ms' });
  const held = await analysed(late(healed()), [slow]);
  expect([held.verdict, held.heldThoughLate]).toEqual(['invalid', true]);
  expect((await analysed(late(healed()), [fast])).heldThoughLate).toBe(false);
  expect((await analysed(late(healed()), [never])).heldThoughLate).toBe(false);
  const dropping: BuiltRun = { ...healed(), load: { droppedIterations: 300 } };
  expect((await analysed(dropping, [slow])).heldThoughLate).toBe(false);
});

test('a check without samples is said beside one that fails, and hides it not', async () => {
  const shed = planned(
    { kind: 'latency', during: 'fault', of: 'shed', percentile: 95, atMost: '1s' },
    'outage',
  );
  const analysis = await analysed(healed(), [never, shed]);
  expect(violations(analysis)).toEqual([]);
  expect(analysis.verdict).toBe('fail');
  expect(analysis.summary).toContain('1 check could not be answered');
  expect(analysis.checks[1]?.detail).toBe('none of the 801 requests in its window was one of those');
});

test('a steady state that fails under the configuration under test fails the run, though no check looks at it', async () => {
  const broken = outage({
    ejectAfterMs: 500,
    change: (request) =>
      request.dueMs < 4_000
        ? { ...request, status: 500, attempts: request.attempts.map((each) => ({ ...each, status: 500 })) }
        : request,
  });
  const calm = planned({ kind: 'ejections', during: 'recovery', atMost: 5 }, 'outage');
  expect((await analysed(broken, [calm])).verdict).toBe('invalid');
  const file = { file: 'mesh.yaml', path: '/mesh.yaml', content: '' };
  const analysis = await analysed(broken, [calm], 'error', [file]);
  expect(analysis.verdict).toBe('fail');
  expect(analysis.summary).toContain('even before the first fault: "the mesh works under this configuration');
  expect((await analysed(late(broken), [calm, fast], 'error', [file])).verdict).toBe('fail');
  // A check that does look at it keeps its finding: being late makes no request fail, let alone most of them.
  const well = planned({ kind: 'success-rate', during: 'steady', atLeast: '99%' }, 'outage');
  const looked = await analysed(late(broken), [well, calm, fast], 'error', [file]);
  expect(looked.checks.map(({ status }) => status)).toEqual(['fail', 'pass', 'fail', 'fail']);
  expect(looked.summary).toContain('even before the first fault: "success rate at least 99 %"');
});

test('requests that were not sent hide failures and make none', async () => {
  const dropping: BuiltRun = { ...outage(), load: { droppedIterations: 300 } };
  const well = planned({ kind: 'success-rate', during: 'fault', atLeast: '99%' }, 'outage');
  const failing = await analysed(dropping, [well]);
  expect(violations(failing)).toEqual(['dropped-iterations']);
  expect(failing.verdict).toBe('fail');
  const much = planned({ kind: 'goodput', during: 'fault', atLeast: '150/s' }, 'outage');
  const full = planned({ kind: 'overflow', during: 'fault', atLeast: 100 }, 'outage');
  expect((await analysed(dropping, [much, full])).verdict).toBe('invalid');
});

test('where no statistics were read, checks on requests stand', async () => {
  const untold: BuiltRun = { ...outage(), statistics: [] };
  const well = planned({ kind: 'success-rate', during: 'fault', atLeast: '99%' }, 'outage');
  const analysis = await analysed(untold, [well, never]);
  expect(violations(analysis)).toEqual(['statistics']);
  expect(analysis.verdict).toBe('fail');
  expect(analysis.checks[1]).toMatchObject({
    status: 'invalid',
    detail: expect.stringContaining('nothing was read of it in its window'),
  });
});
