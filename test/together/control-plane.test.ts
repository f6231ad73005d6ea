import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectChangeFailure, plantedChanges } from '../support/planted-changes.ts';

const name = 'control-plane-outage';
const scenario = `scenarios/${name}.yaml`;
const light = ['--set', 'load.rate=60/s'];

test('without a control plane nothing fails, and what is made meanwhile comes when it is back', async () => {
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
const unheard = plantedChanges.filter((each) => each.name.startsWith('a change for gateways only'));
for (const planted of unheard) {
  test(`${planted.name}: ${name} fails`, () => expectChangeFailure(planted, ...light));
}
