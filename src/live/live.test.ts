import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LOAD_MS, outage, outagePlan, planned } from '../analysis/testing/outage.ts';
import { readEvidence } from '../evidence/evidence.ts';
import { buildEvidence, ORIGIN_MS } from '../evidence/testing/build-evidence.ts';
import { istio } from '../meshes/istio/index.ts';
import type { RunContext } from '../model/evidence.ts';
import { GrowingFile } from './growing-file.ts';
import { liveContent, livePage } from './page.ts';
import { LiveTraffic } from './traffic.ts';
import { TrialFollower } from './view.ts';

test('a file that grows is read once, whatever its lines are cut at', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'breakwater-live-'));
  const file = path.join(folder, 'lines.jsonl');
  await using growing = new GrowingFile(file);
  const seen: number[] = [];
  const read = () => growing.readJson<{ n: number }>(({ n }) => seen.push(n));
  await read();
  await writeFile(file, '{"n":1}\n{"n"');
  await read();
  await read();
  await appendFile(file, ':2}\nnot json\n{"n":3}\n');
  await read();
  await rm(folder, { recursive: true });
  expect(seen).toEqual([1, 2, 3]);
});

test('counts what the analysis counts, however the logs come', async () => {
  await using built = await buildEvidence(outage({ ejectAfterMs: 500 }));
  const { loads, requests, endings, context } = await readEvidence(built.directory, istio.telemetry);
  const directory = path.join(built.directory, 'growing');
  await mkdir(path.join(directory, 'access'), { recursive: true });
  await using traffic = new LiveTraffic({
    accessLog: istio.telemetry.accessLog,
    directory,
    instances: context.instances,
    loads,
    startedAt: ORIGIN_MS,
  });
  const log = path.join('access', 'frontend-1.log');
  const content = await readFile(path.join(built.directory, log));
  for (let at = 0; at < content.length; at += 7_001) {
    await appendFile(path.join(directory, log), content.subarray(at, at + 7_001));
    await traffic.look();
  }
  const expected = { ok: 0, shed: 0, error: 0, unanswered: 0 };
  for (let row = 0; row < requests.length; row += 1) {
    const { outcome = 'ok' } = endings[requests.ending[row] as number] ?? {};
    expected[outcome] += 1;
  }
  expect(traffic.totals).toEqual(expected);
  expect(expected.error).toBeGreaterThan(0);
  const perSecond = traffic.seconds.map(({ counts }) => counts.ok + counts.error);
  expect(perSecond.reduce((sum, count) => sum + count, 0)).toBe(requests.length);
  expect(traffic.percentilesOf(1)?.[0]).toBeGreaterThan(0);
});

test('a trial half way: faults as they came, checks as they stand, and a page that says so', async () => {
  await using built = await buildEvidence(outage({ ejectAfterMs: 500 }));
  const context = JSON.parse(await readFile(path.join(built.directory, 'run.json'), 'utf8')) as RunContext;
  // What a trial writes at its end is not there yet.
  for (const file of ['run.json', 'loads.json']) await rm(path.join(built.directory, file));
  const { trial, topology } = outagePlan([
    planned({ kind: 'success-rate', during: 'steady', atLeast: '99%' }),
    planned({ kind: 'success-rate', during: 'recovery', atLeast: '99%' }, 'outage'),
  ]);
  const watched = {
    ...context,
    meshKind: 'istio' as const,
    topology,
    trial,
    evidence: built.directory,
    startedAt: ORIGIN_MS,
  };
  await using follower = new TrialFollower(watched, istio);
  await follower.look(true);
  const view = follower.view(LOAD_MS - 500);
  expect(view.faults).toMatchObject([{ name: 'outage', state: 'over' }]);
  expect(view.checks.map(({ stage, status }) => `${stage} ${status}`)).toEqual(['over pass', 'on pass']);
  expect(view.map.topology.edges.length).toBeGreaterThan(2);
  const live = {
    title: '<b>odd</b>',
    scenario: undefined,
    environment: 'local',
    step: 'load and faults',
    stopping: false,
    standing: {
      title: 'B beside A so far',
      aside: '3 pairs',
      head: ['Metric', 'B is'],
      rows: [['p50 latency', '<i>worse']],
    },
    trial: view,
    ended: undefined,
  };
  const page = livePage(live);
  expect(page).toContain("connect-src 'self'");
  expect(page).not.toContain('<b>odd');
  expect(page).toContain('outage over');
  expect(page).toContain('B beside A so far');
  expect(page).not.toContain('<i>worse');
  const over = liveContent({
    ...live,
    ended: { status: 'fail', label: 'FAIL', summary: 'It did not hold.', report: 'reports/x/report.html' },
  });
  expect(over).toContain('live over fail');
  expect(over).not.toContain('id="stop"');
});
