import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure, plantedTexts } from '../support/defects.ts';
import { expectChangeFailure, plantedChanges } from '../support/planted-changes.ts';

const name = 'control-plane-outage';
const scenario = `scenarios/${name}.yaml`;
const light = ['--profile', 'short', '--set', 'load.rate=60/s'];

test.concurrent('without a control plane nothing fails, and what is made meanwhile comes when it is back', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(scenario, ...light);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const [outage, replica] = finished.report?.faults ?? [];
  const [change] = finished.report?.changes ?? [];
  const backAt = outage?.revertedAtMs ?? Number.NaN;
  // Starting the replica again does not wait for the control plane.
  expect(replica?.revertedAtMs).toBeLessThan(backAt - 500);
  expect(change?.heldUp).toEqual({ fault: name, untilMs: backAt });
  expect(Object.keys(change?.arrivals ?? {})).toContain('edge-app-stable-2');
  for (const ms of Object.values(change?.arrivals ?? {}))
    expect((change?.changingAtMs ?? 0) + ms).toBeGreaterThan(backAt - 500);
});

/** The others are among the planted defects of `npm run bench:mutations`. */
const tried = ['no retries when a replica dies'];
for (const planted of plantedTexts.filter((each) => each.scenario === name && tried.includes(each.name))) {
  test.concurrent(`${planted.name}: ${name} fails`, () => expectTextFailure(planted, ...light));
}

const unheard = plantedChanges.filter((each) => each.name.startsWith('a change for gateways only'));
for (const planted of unheard) {
  test.concurrent(`${planted.name}: ${name} fails`, () => expectChangeFailure(planted, ...light));
}
