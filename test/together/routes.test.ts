import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure, plantedTexts } from '../support/defects.ts';

const light = ['--set', 'load.rate=60/s'];

const scenarios = ['mesh-faults', 'retries-and-timeouts'];

test.concurrent.for(scenarios)('%s passes on sound configuration', async (name) => {
  using workspace = new Workspace();
  const finished = await workspace.run(`scenarios/${name}.yaml`, ...light);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});

for (const planted of plantedTexts.filter(({ scenario }) => scenarios.includes(scenario))) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...light));
}
