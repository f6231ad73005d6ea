import { expect, test } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure } from '../support/defects.ts';
import { plantedRestarts } from '../support/planted-restarts.ts';
import { plantedSidecars } from '../support/planted-sidecars.ts';

const short = ['--profile', 'short'];

test.concurrent('a replica whose sidecar is killed is noticed by nobody', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/sidecar-out-of-memory.yaml', ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.faults[0]?.efficacy.status).toBe('proven');
});

for (const planted of plantedSidecars) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...short));
}

test.concurrent('a replica is restarted in an orderly way, and nobody notices', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/restart-order.yaml', ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.faults[0]?.efficacy.status).toBe('proven');
});

// The others are among the planted defects of `npm run bench:mutations`.
for (const { name, args, names } of plantedRestarts.slice(0, 1)) {
  test.concurrent(`${name}: restart-order fails`, async () => {
    using workspace = new Workspace();
    const finished = await workspace.run('scenarios/restart-order.yaml', ...short, ...args(workspace.path));
    expect(finished.report?.verdict, outcome(finished)).toBe('fail');
    const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
    expect(
      failed.flatMap(({ reason }) => settingsBehind(reason ?? {})).map(({ setting }) => setting),
    ).toContainEqual(expect.stringMatching(names));
  });
}

test.concurrent('calls go past no sidecar where nothing captures them, and that is said by name', async () => {
  using workspace = new Workspace();
  const bypass = ['--set', 'topology.services.shop.bypass=[8080]'];
  const finished = await workspace.run('scenarios/no-way-past.yaml', ...bypass);
  expect(finished.code, outcome(finished)).toBe(2);
  expect(finished.stderr).toContain('the local environment captures no connections');
  expect(finished.stderr).toContain('--env docker or --env kind');
});

test.concurrent('who comes past the mesh is refused', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/no-way-past.yaml', ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});
