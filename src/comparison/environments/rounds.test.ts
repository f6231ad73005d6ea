import { expect, test } from 'vitest';
import { environmentError } from '../../kit/errors.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadScenario } from '../../scenario/load.ts';
import { finishedRun } from './fixture.ts';
import { refuseChanged, runRounds } from './rounds.ts';

test('environments take turns', async () => {
  const runs = await runRounds(
    2,
    async (environment, round) => finishedRun(environment, round),
    () => {},
  );
  expect(runs.map(({ environment, round }) => `${environment} ${round}`)).toEqual([
    'local 1',
    'kind 1',
    'local 2',
    'kind 2',
  ]);
});

test('an error ends the rounds, and says where the reports of the runs before it are', async () => {
  const said: string[] = [];
  const failure = environmentError('no docker');
  const runs = runRounds(
    3,
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
