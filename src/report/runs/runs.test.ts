import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleReport } from '../fixture.ts';
import { json } from '../json.ts';
import type { Report } from '../model.ts';
import { sampleSuite } from '../suite/fixture.ts';
import { suiteJson } from '../suite/json.ts';
import type { Suite } from '../suite/model.ts';
import { sampleRuns } from './fixture.ts';
import { readRuns, runsHtml, runsJson, runsTerminal } from './index.ts';

let reports = '';
beforeEach(async () => {
  reports = await mkdtemp(path.join(tmpdir(), 'breakwater-runs-'));
});
afterEach(() => rm(reports, { recursive: true, force: true }));

async function put(folder: string, file: string, content: string): Promise<void> {
  await mkdir(path.join(reports, folder), { recursive: true });
  await writeFile(path.join(reports, folder, file), content);
}

/** A run of a day in March. */
async function run(folder: string, day: number, verdict: Report['verdict'] = 'pass'): Promise<void> {
  const report = sampleReport(verdict);
  const startedAt = `2026-03-${String(day).padStart(2, '0')}T10:00:00.000Z`;
  await put(folder, 'report.json', json({ ...report, run: { ...report.run, startedAt } }));
}

test('all runs, newest first, with the suite that they are part of', async () => {
  await run('older', 1);
  await run('newer', 3, 'fail');
  await run('between', 2, 'invalid');
  await run('example', 9);
  const suite = sampleSuite();
  const scenarios = suite.scenarios.map((each) =>
    each.ended === 'reported' ? { ...each, folder: 'between' } : each,
  );
  await put('suite-1', 'suite.json', suiteJson({ ...suite, scenarios } satisfies Suite));
  await put('tune-1', 'tune.json', '{}');
  const { runs, unreadable } = await readRuns(reports);
  expect(runs.map(({ folder, verdict, suite: of }) => [folder, verdict, of])).toEqual([
    ['newer', 'fail', undefined],
    ['between', 'invalid', 'suite-1'],
    ['older', 'pass', undefined],
  ]);
  expect(unreadable).toEqual([]);
  const { traffic } = sampleReport();
  expect(runs[2]).toMatchObject({
    requests: traffic.requests,
    ok: traffic.ok,
    p95Ms: traffic.latencyMs['p95'],
  });
});

test('a report that says nothing to this version is told, and keeps no other from being read', async () => {
  await run('whole', 1);
  await put('cut', 'report.json', '{"schema": "breakwater/rep');
  await put('newer-version', 'report.json', '{"schema": "breakwater/report/v9"}');
  await put('changed', 'report.json', '{"schema": "breakwater/report/v1", "verdict": "great"}');
  const { runs, unreadable } = await readRuns(reports);
  expect(runs.map(({ folder }) => folder)).toEqual(['whole']);
  expect(unreadable.map(({ folder, why }) => `${folder}: ${why}`)).toEqual([
    'changed: fields are missing or were changed',
    'cut: it is not JSON',
    'newer-version: it is of version "breakwater/report/v9"',
  ]);
});

test('where there is no run, the hint says how to get one', async () => {
  await mkdir(path.join(reports, 'empty'));
  await expect(readRuns(reports)).rejects.toMatchObject({
    message: expect.stringContaining('no run with a report.json'),
    hint: expect.stringContaining('breakwater run'),
    exitCode: 2,
  });
  await expect(readRuns(path.join(reports, 'nowhere'))).rejects.toMatchObject({ exitCode: 2 });
});

test('how things stand is what the newest run of each scenario came to', () => {
  const runs = sampleRuns(100);
  const text = runsTerminal(runs, { color: false, width: 100 });
  expect(text).toContain('4 of 4 scenarios held in the newest run of each.');
  const failed = { ...runs, runs: runs.runs.slice(9) };
  expect(runsTerminal(failed, { color: false, width: 100 })).toContain('Did not hold: outlier-ejection.');
  // Profiles and environments have numbers of their own.
  const [newest, ...others] = runs.runs;
  if (newest === undefined) throw new Error('no runs');
  const apart = { ...runs, runs: [{ ...newest, profile: 'short', environment: 'kind' }, ...others] };
  expect(runsTerminal(apart, { color: false, width: 120 })).toContain('circuit-breaker (short) on kind');
});

test('the page leads to each report, by names that need care too', () => {
  const runs = sampleRuns(3);
  const [first, ...others] = runs.runs;
  if (first === undefined) throw new Error('no runs');
  const odd = { ...first, folder: 'a b#<i>', summary: '<script>alert(1)</script>', verdict: 'fail' as const };
  const page = runsHtml({ ...runs, runs: [odd, ...others] });
  expect(page).toContain('href="a%20b%23%3Ci%3E/report.html"');
  expect(page).not.toContain('<script>alert');
  expect(page).toContain('&lt;script>alert(1)');
  expect(JSON.parse(runsJson(runs)).runs).toHaveLength(3);
});
