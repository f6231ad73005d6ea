import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure, plantedTexts } from '../support/defects.ts';

const short = ['--profile', 'short'];
/** The others are alike, and the bench of planted defects has them all. */
const told = /^(an idle timeout above the app's|retries off|a connection for each request)$/;

test.concurrent('connection-churn passes on sound configuration, and says what connections cost', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/connection-churn.yaml', ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const resources = finished.report?.resources;
  expect(resources?.connections?.map(({ client, service }) => [client, service]).sort()).toEqual([
    ['frontend-1', 'catalog'],
    ['frontend-1', 'edge-app'],
    ['frontend-1', 'orders'],
  ]);
  expect(resources?.programs['orders-1/sidecar']?.requests).toBeGreaterThan(100);
});

for (const planted of plantedTexts.filter(({ scenario }) => scenario === 'connection-churn')) {
  if (!told.test(planted.name)) continue;
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...short));
}
