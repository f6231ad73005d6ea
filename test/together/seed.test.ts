import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TrialFolder } from '../support/trials.ts';

const scenario = `name: seed
description: Who comes after whom is up to one user, so chance alone decides.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east }] }
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, closed: { users: 1 }, duration: 3s, warmup: 500ms }
faults:
  - { kind: error, on: { service: edge-app }, status: 418, rate: 50%, at: 1s, for: 1s }
checks:
  - { kind: success-rate, during: run, atLeast: 1% }
`;

test('trials with one seed hit the same requests, and others with another', async () => {
  using folder = new TrialFolder();
  const planned = await folder.plan(scenario, 42);
  const { topology, trial } = planned.plan;
  const { configuration } = planned;
  const hits = (name: string) => {
    const log = readFileSync(join(folder.path, name, 'evidence/access/frontend-1.log'), 'utf8');
    const statuses = log.match(/(?<= )(200|418)(?= - via_upstream )/g)?.join(' ') ?? '';
    return statuses.slice(statuses.indexOf('418')).slice(0, 200);
  };
  await folder.run(planned, topology, [
    { name: 'first', configuration, trial },
    { name: 'again', configuration, trial },
  ]);
  expect(hits('first').length).toBe(200);
  expect(hits('again')).toBe(hits('first'));
  const other = await folder.plan(scenario, 43);
  await folder.run(other, other.plan.topology, [{ name: 'other', configuration, trial: other.plan.trial }]);
  expect(hits('other')).not.toBe(hits('first'));
});
