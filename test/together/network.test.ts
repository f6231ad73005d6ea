import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure } from '../support/defects.ts';
import { commandsOn } from '../support/pages.ts';
import { plantedNetwork } from '../support/planted-network.ts';
import { processesOf } from '../support/processes.ts';

const short = ['--profile', 'short'];

test.concurrent('network-faults passes on sound configuration, with every fault proven', async () => {
  using workspace = new Workspace();
  const [[, ...args] = []] = commandsOn('network-faults.md');
  const finished = await workspace.run(...args, ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.faults.map(({ efficacy }) => efficacy.status)).toEqual(Array(5).fill('proven'));
  expect(finished.report?.run.programs).toMatchObject({ toxiproxy: '2.12.0' });
});

/** The others are among the planted defects of `npm run bench:mutations`. */
for (const planted of plantedNetwork.filter(({ name }) => name === 'keepalive missing')) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...short));
}

/** Two callers in two zones, of whom one is cut off from a service that both call; what waits at the end is answered then. */
const scenario = `name: one-way
description: The network fails between two zones, and nobody else notices.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-west }] }
    near: { workloads: [{ name: near, locality: region1/zone-west }] }
    far: { workloads: [{ name: far, locality: region1/zone-east }] }
load:
  - { name: near, from: near, to: edge-app, rate: 40/s, duration: 8s, warmup: 500ms }
  - { name: far, from: far, to: edge-app, rate: 40/s, duration: 8s, warmup: 500ms, timeout: 1s, maxLatency: 2s }
faults:
  - { kind: network-partition, from: region1/zone-east, to: region1/zone-west, at: 3s, for: 3s }
checks:
  - { name: far fails, kind: error-rate, load: far, during: fault, atLeast: 50% }
  - { name: near does not, kind: success-rate, load: near, during: run, atLeast: 99.9% }
  - { name: it passes, kind: success-rate, load: far, during: recovery, after: 1s, atLeast: 99% }
`;

function written(workspace: Workspace): string {
  const file = join(workspace.path, 'one-way.yaml');
  writeFileSync(file, scenario);
  return file;
}

test.concurrent('who calls from elsewhere does not notice, and connections that were open are cut as well', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(written(workspace));
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.faults[0]?.efficacy.status).toBe('proven');
});

test.concurrent('kill -9 in the middle of a fault of the network leaves no relay behind', async () => {
  using workspace = new Workspace();
  const child = workspace.start('run', written(workspace), '--reports', workspace.reports);
  const closed = workspace.finish(child);
  const relays = () => processesOf(workspace.runs).filter(({ command }) => command.includes('toxiproxy'));
  for (let waitedMs = 0; relays().length === 0 && waitedMs < 30_000; waitedMs += 100) await sleep(100);
  expect(relays()).toHaveLength(1);
  await sleep(5_000);
  child.kill('SIGKILL');
  await closed;
  for (let waitedMs = 0; processesOf(workspace.runs).length > 0 && waitedMs < 5_000; waitedMs += 100) {
    await sleep(100);
  }
  expect(processesOf(workspace.runs)).toEqual([]);
});

test('a cluster has no relay: the fault is refused by name, with its line', async () => {
  using workspace = new Workspace();
  const finished = await workspace.breakwater('lint', 'scenarios/network-faults.yaml', '--env', 'kind');
  expect(finished.code).toBe(2);
  expect(`${finished.stdout}${finished.stderr}`).toMatch(
    /network-faults\.yaml:\d+.*the kind environment has no network-latency/,
  );
});
