import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { outagePlan } from '../analysis/testing/outage.ts';
import {
  type BuiltRequest,
  type BuiltRun,
  buildEvidence,
  client,
  server,
} from '../evidence/testing/build-evidence.ts';
import type { Planned } from '../experiment/planned.ts';
import { topologyMark } from '../experiment/report.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { istio } from '../meshes/istio/index.ts';
import type { StatisticsSample } from '../model/evidence.ts';
import { sampleReport } from '../report/fixture.ts';
import { json } from '../report/json.ts';
import type { Report } from '../report/model.ts';
import { readEarlier } from './earlier.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-earlier-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = { file: 'rule.yaml', path: '/rule.yaml', content: 'a: 1\n' };
const plan = outagePlan([]);
const planned: Planned = {
  plan,
  locate: ({ message }) => ({ file: plan.file, message }),
  mesh: istio,
  configuration: { files: [file], resources: [] },
  steps: [],
};
const [load] = plan.trial.loads;
if (load === undefined) throw new Error('no load');

const sound: Report = {
  ...sampleReport(),
  run: { ...sampleReport().run, id: 'shop-1', environment: 'local', topology: topologyMark(plan.topology) },
  configuration: [{ file: 'rule.yaml', content: 'a: 1\n' }],
  windows: [{ name: 'steady', fromMs: 1_000, toMs: 4_000 }],
  faults: [],
};

/** 100/s for four seconds, of which every answer takes 40 ms. */
function run(change: (request: BuiltRequest) => BuiltRequest = (request) => request, pending = 0): BuiltRun {
  const sample = (t: number): StatisticsSample => ({
    ...{ t, instance: 'frontend-1', service: 'edge-app', overflow: 0, connections: 4, opened: 4 },
    ...{ pending, active: 4, retries: 0, completed: t, failed: 0, strayed: 0 },
    ...{ ejectionsTotal: 0, ejectionsActive: 0, ejectionsRefused: 0, panics: 0, hosts: [] },
    detections: { errors: 0, gatewayErrors: 0, localErrors: 0, comparisons: 0 },
    controlPlane: { streams: 1, updates: 1 },
  });
  return {
    instances: [client(), server('edge-app-east', 1, 'local/east', '127.1.0.1:8080')],
    requests: Array.from({ length: 400 }, (_, index) =>
      change({
        dueMs: 10 * index,
        status: 200,
        ms: 40,
        attempts: [{ host: 'edge-app-east-1', status: 200, ms: 39 }],
      }),
    ),
    loadMs: 4_000,
    statistics: Array.from({ length: 20 }, (_, index) => sample(200 * index)),
  };
}

async function inFolder<Result>(
  report: Report,
  built: BuiltRun | undefined,
  use: (directory: string) => Promise<Result>,
) {
  const directory = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(directory, 'report.json'), json(report));
  if (built === undefined) return use(directory);
  await using evidence = await buildEvidence(built);
  symlinkSync(evidence.directory, join(directory, 'evidence'));
  return await use(directory);
}

const read = (directory: string, environment = 'local') =>
  readEarlier(directory, { planned, load, environment });

async function mistake(directory: string, environment?: string): Promise<string> {
  try {
    await read(directory, environment);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    expect(error.exitCode).toBe(ExitCode.usage);
    expect(error.hint ?? '').not.toBe('');
    return error.message;
  }
  throw new Error('it was taken');
}

test('service time, concurrency and what was got done are taken from a run', async () => {
  const earlier = await inFolder(sound, run(), read);
  expect(earlier).toMatchObject({ run: 'shop-1', offered: 100, goodput: 100 });
  expect(earlier.rate).toBeCloseTo(100);
  expect(earlier.service?.ms).toBeCloseTo(40, 0);
  expect(earlier.service?.variation).toBeLessThan(0.01);
  expect(earlier.underWay).toBeCloseTo(4, 0);
  expect(earlier.mostUnderWay).toBeGreaterThanOrEqual(4);
  expect(earlier.capacity).toEqual({ perSecond: 100, saturated: false });
});

test('of requests that waited for a connection, or were refused, it says not how long the service takes', async () => {
  expect((await inFolder(sound, run(undefined, 3), read)).service).toBeUndefined();
  const refused = run((request) =>
    request.dueMs % 100 === 0
      ? { dueMs: request.dueMs, status: 503, ms: 0.2, flags: 'UO', details: 'overflow', attempts: [] }
      : request,
  );
  const earlier = await inFolder(sound, refused, read);
  expect(earlier.service).toBeUndefined();
  expect(earlier.capacity).toBeUndefined();
});

test.each<[string, Partial<Report>, string]>([
  ['that proves nothing', { verdict: 'invalid', summary: 'k6 came late.' }, 'proves nothing: k6 came late.'],
  ['that was interrupted', { interrupted: true }, 'was interrupted'],
  ['of another topology', { run: { ...sound.run, topology: 'other' } }, 'was of another topology'],
  [
    'of an older version',
    { run: { ...sound.run, topology: undefined } },
    'does not say of which topology it is',
  ],
  [
    'on another environment',
    { run: { ...sound.run, environment: 'kind' } },
    'was on kind, and this search is on local',
  ],
  [
    'of another configuration',
    { configuration: [{ file: 'rule.yaml', content: 'a: 2\n' }] },
    'had another mesh configuration: rule.yaml was not as it is now',
  ],
  ['of less configuration', { configuration: [] }, 'had another mesh configuration'],
])('a run %s is refused', async (_, change, words) => {
  expect(await inFolder({ ...sound, ...change }, run(), mistake)).toContain(
    `--from: ${words.startsWith('does') ? 'the report in' : 'the run in'}`,
  );
  expect(await inFolder({ ...sound, ...change }, run(), mistake)).toContain(words);
});

test('a folder that is no run is refused', async () => {
  expect(await mistake(join(folder, 'none'))).toContain('--from: there is no report.json in');
  const search = mkdtempSync(join(folder, 'search-'));
  writeFileSync(join(search, 'journal.jsonl'), '');
  expect(await mistake(search)).toContain('is the folder of a search');
  const other = mkdtempSync(join(folder, 'other-'));
  writeFileSync(join(other, 'report.json'), '{}');
  expect(await mistake(other)).toMatch(/^--from: .*is of version/);
  expect(await inFolder(sound, undefined, mistake)).toContain('has no evidence beside its report');
  const few = { ...run(), requests: run().requests.slice(0, 150) };
  expect(await inFolder(sound, few, mistake)).toContain('has 50 answers of edge-app to frontend');
});
