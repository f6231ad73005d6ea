import { expect, test } from 'vitest';
import { environmentError } from '../../kit/errors.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadScenario } from '../../scenario/load.ts';
import { finishedRun } from './fixture.ts';
import { refuseChanged, runRounds } from './rounds.ts';

test('environments take turns, and which is first is up to the lot', async () => {
  const runs = await runRounds(
    ['local', 'kind'],
    20,
    7,
    async (environment, round) => finishedRun(environment, round),
    () => {},
  );
  expect(runs).toHaveLength(40);
  const first = runs.filter((_, index) => index % 2 === 0);
  const second = runs.filter((_, index) => index % 2 === 1);
  for (const [index, { round, environment }] of first.entries()) {
    expect(second[index]).toMatchObject({ round });
    expect(second[index]?.environment).not.toBe(environment);
  }
  expect(new Set(first.map(({ environment }) => environment)).size).toBe(2);
});

test('an error ends the rounds, and says where the reports of the runs before it are', async () => {
  const said: string[] = [];
  const failure = environmentError('no docker');
  const runs = runRounds(
    ['local', 'kind'],
    3,
    2,
    async (environment, round) => {
      if (environment === 'kind' && round === 2) throw failure;
      return finishedRun(environment, round);
    },
    (line) => said.push(line),
  );
  await expect(runs).rejects.toBe(failure);
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "reports of the runs before that:
      reports/compare-x/1-local/run
      reports/compare-x/1-kind/run
      reports/compare-x/2-local/run"
  `);
});

test('a scenario that was changed in between is refused', async () => {
  const plan = async (...set: string[]) =>
    planScenario(await loadScenario('scenarios/zone-failover.yaml', { set, config: [] }));
  const first = await plan();
  expect(() => refuseChanged(first, first)).not.toThrow();
  refuseChanged(first, await plan());
  const other = await plan('topology.services.edge-app.workloads.0.replicas=3');
  expect(() => refuseChanged(first, other)).toThrow('zone-failover was changed between two of the runs');
});
