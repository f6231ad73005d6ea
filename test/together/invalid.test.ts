import { expect, test } from 'vitest';
import { type Finished, outcome, Workspace } from '../support/breakwater.ts';

const violated = (finished: Finished) =>
  finished.report?.validity.filter((finding) => finding.status === 'violated').map((finding) => finding.rule);

/** Short runs: what makes them invalid shows at once. */
const short = ['--set', 'load.duration=14s', '--set', 'faults.0.at=5s', '--set', 'faults.0.for=4s'];

async function expectInvalid(...args: readonly string[]): Promise<Finished> {
  using workspace = new Workspace();
  const finished = await workspace.runOnce(...args);
  expect(finished.report?.verdict, outcome(finished)).toBe('invalid');
  expect(finished.code).toBe(3);
  return finished;
}

test.concurrent('a load with too few virtual users is invalid: it could not keep its rate', async () => {
  const finished = await expectInvalid('scenarios/circuit-breaker.yaml', ...short, '--set', 'load.users=20');
  expect(violated(finished)).toContain('dropped-iterations');
});

test.concurrent('a fault on a host that gets no traffic is invalid: it proves nothing', async () => {
  // The client prefers its own zone, east; nothing reaches west.
  const finished = await expectInvalid(
    'scenarios/outlier-ejection.yaml',
    '--config',
    'scenarios/mesh/zone-failover.yaml',
    '--set',
    'faults.0.on={workload: edge-app-west, replica: 1}',
    '--set',
    'load.rate=50/s',
  );
  expect(violated(finished)?.join()).toMatch(/fault/);
});

test.concurrent('a run without traffic is invalid', async () => {
  const finished = await expectInvalid('scenarios/circuit-breaker.yaml', ...short, '--set', 'load.rate=1/m');
  expect(violated(finished)).toContain('traffic');
});
