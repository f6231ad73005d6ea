import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Environment, Lab } from '../../src/environments/contract.ts';
import { environments } from '../../src/environments/index.ts';
import { type Planned, planExperiment } from '../../src/experiment/planned.ts';
import { runTrials, type TrialResult, type TrialWanted } from '../../src/experiment/trials.ts';
import { createProgress } from '../../src/kit/terminal.ts';

const scenario = `name: trials
description: Trials after each other on one lab.
topology:
  services:
    edge-app:
      workloads: [{ name: edge-app, locality: region1/zone-east, replicas: 2 }]
    frontend:
      workloads: [{ name: frontend, locality: region1/zone-east }]
load: { from: frontend, to: edge-app, rate: 100/s, duration: 4s, warmup: 500ms }
faults:
  - { kind: kill, on: { workload: edge-app, replica: 1 }, at: 1s, for: 1s }
checks:
  - { kind: success-rate, during: run, atLeast: 50% }
`;

const folder = mkdtempSync(join(tmpdir(), 'bw-trials-'));
let planned: Planned;
/** Every lab that was opened. */
const labs: Lab[] = [];

beforeAll(async () => {
  writeFileSync(join(folder, 'scenario.yaml'), scenario);
  planned = await planExperiment(join(folder, 'scenario.yaml'), { set: [], config: [] });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The local environment, telling of the labs that it opens. */
function watchedEnvironment(signal: AbortSignal): Environment {
  const local = environments.local(planned.mesh, createProgress(process.stderr, true), signal);
  return {
    ...local,
    async open(request) {
      const lab = await local.open(request);
      labs.push(lab);
      return lab;
    },
  };
}

async function results(
  wanted: readonly TrialWanted[],
  onFault: () => void = () => {},
  directory = mkdtempSync(join(folder, 'series-')),
): Promise<TrialResult[]> {
  labs.length = 0;
  const { signal } = new AbortController();
  const found: TrialResult[] = [];
  const request = {
    runId: `trials-${Date.now().toString(36)}`,
    what: 'trials of a test',
    topology: planned.plan.topology,
    mesh: planned.mesh,
    environment: watchedEnvironment(signal),
    directory,
    signal,
    watcher: { step() {}, ongoing() {}, warn() {}, fault: onFault, load() {} },
  };
  for await (const result of runTrials(request, wanted)) found.push(result);
  return found;
}

const trial = (name: string, signal?: AbortSignal): TrialWanted => ({
  name,
  trial: planned.plan.trial,
  configuration: planned.configuration,
  ...(signal === undefined ? {} : { signal }),
});

test('a trial that is interrupted leaves a lab that the next one can use', async () => {
  const interrupt = new AbortController();
  const found = await results([trial('first', interrupt.signal), trial('second')], () =>
    // In the middle of the fault: what was killed has to be started again.
    setTimeout(() => interrupt.abort(), 300),
  );
  expect(found.map(({ name, ended }) => `${name} ${ended}`)).toEqual(['first interrupted', 'second done']);
  expect(labs.length).toBe(1);
  const [, second] = found;
  if (second?.ended !== 'done') throw new Error('the second trial did not end');
  expect(second.analysis.faults[0]?.efficacy.status).toBe('proven');
  expect(second.analysis.traffic.requests).toBeGreaterThan(390);
});

test('a lab that dies in a trial says so, and that trial alone is lost', async () => {
  let kill = true;
  const found = await results([trial('first'), trial('second'), trial('third')], () => {
    if (labs.length !== 1 || !kill) return;
    kill = false;
    labs[0]?.processes().then((processes) => {
      const sidecar = processes.find(({ name }) => name === 'edge-app-2/sidecar');
      if (sidecar) process.kill(-sidecar.pid, 'SIGKILL');
    });
  });
  expect(found.map(({ name, ended }) => `${name} ${ended}`)).toEqual([
    'first failed',
    'second done',
    'third done',
  ]);
  const [first] = found;
  if (first?.ended !== 'failed') throw new Error('the first trial did not fail');
  expect(String(first.error)).toContain('edge-app-2/sidecar ended by itself (SIGKILL)');
  expect(labs.length).toBe(2);
});

test('each trial has the requests of its own load, to the request, under its own configuration', async () => {
  const directory = mkdtempSync(join(folder, 'series-'));
  const wanted = [1, 50].map((limit): TrialWanted => {
    const name = `limit-${limit}`;
    const content = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pool }
spec:
  host: edge-app
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: ${limit} }, http: { http1MaxPendingRequests: 1 } }
`;
    const files = [{ file: 'pool.yaml', path: join(folder, 'pool.yaml'), content }];
    const loads = planned.plan.trial.loads.map((load) => ({
      ...load,
      request: { ...load.request, path: `/${name}` },
    }));
    return {
      name,
      configuration: { files, resources: [] },
      trial: { ...planned.plan.trial, faults: [], loads },
    };
  });
  const found = await results(wanted, () => {}, directory);
  expect(labs.length).toBe(1);
  for (const result of found) {
    if (result.ended !== 'done') throw new Error(`${result.name} ${result.ended}`);
    const { name, analysis, arrivals } = result;
    const evidence = join(directory, name, 'evidence');
    const [{ requests }] = JSON.parse(readFileSync(join(evidence, 'loads.json'), 'utf8'));
    const log = readFileSync(join(evidence, 'access/frontend-1.log'), 'utf8').trimEnd().split('\n');
    expect(log.length).toBe(requests);
    expect(log.filter((line) => !line.endsWith(` /${name}`))).toEqual([]);
    expect(analysis.traffic.requests).toBe(requests);
    expect([...arrivals.keys()].sort()).toEqual(['edge-app-1', 'edge-app-2', 'frontend-1']);
  }
});
