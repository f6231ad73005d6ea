import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OperatorError } from '../../kit/errors.ts';
import { sampleReport } from '../fixture.ts';
import { junit } from '../junit.ts';
import { erred, hostileSuite, notRun, reported, sampleSuite, suiteOf } from './fixture.ts';
import { findSuite, readSuite, suiteFormats, writeSuite } from './index.ts';
import { suiteJsonSchema } from './json.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { conclude } from './outcome.ts';

const plainTerminal = { color: false, width: 80, directory: 'reports/suite-1' };
const render = (format: keyof typeof suiteFormats, suite: Suite) =>
  suiteFormats[format].render(suite, plainTerminal);
const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

const pass = reported(sampleReport());
const fail = reported(sampleReport('fail'));
const invalid = reported(sampleReport('invalid'));
const mistaken = { ...erred, error: { message: 'a sidecar rejects it', exitCode: 2 } } as SuiteScenario;

describe('what scenarios come to together', () => {
  test.each<[string, readonly SuiteScenario[], boolean, Suite['verdict'], number]>([
    ['all passed', [pass, pass], false, 'pass', 0],
    ['a finding stands, whatever else happened', [invalid, erred, fail, pass], false, 'fail', 1],
    ['a mistake before the environment', [erred, mistaken, invalid], false, 'error', 2],
    ['the environment before an invalid run', [pass, erred, invalid], false, 'error', 4],
    ['an invalid run', [pass, invalid], false, 'invalid', 3],
    ['nothing that was left out has passed', [pass, notRun], false, 'invalid', 3],
    ['an interruption', [pass, notRun], true, 'invalid', 130],
    ['an interruption after a finding', [fail, notRun], true, 'fail', 130],
    ['no scenario', [], false, 'invalid', 3],
  ])('%s', (_, scenarios, interrupted, verdict, exitCode) => {
    expect(conclude(scenarios, interrupted)).toMatchObject({ verdict, exitCode, interrupted });
  });

  test('is said in a sentence', () => {
    expect(sampleSuite().summary).toBe(
      '1 of 5 scenarios passed; 1 failed, 1 could not be run, 1 proves nothing, 1 was not run.',
    );
    expect(suiteOf([pass, pass]).summary).toBe('All 2 scenarios passed.');
  });
});

test('scenarios of one name are told apart by their files', () => {
  const suite = suiteOf([
    { ...fail, name: 'shop', file: 'east/shop.yaml' },
    { ...fail, name: 'shop', file: 'west/shop.yaml' },
    invalid,
  ]);
  for (const format of ['terminal', 'html', 'md', 'junit'] as const) {
    const text = render(format, suite).replaceAll(/<wbr ?\/?>|\\/g, '');
    expect(text, format).toContain('shop (east/shop.yaml)');
    expect(text, format).toContain('shop (west/shop.yaml)');
    expect(text, format).not.toContain(`${invalid.name} (`);
  }
});

test('a run that did not come to its end leads to the report of what there was', () => {
  const ended = { ...mistaken, folder: 'canary-1' } as SuiteScenario;
  expect(render('html', suiteOf([ended]))).toContain('href="../canary-1/report.html"');
  expect(render('md', suiteOf([ended]))).toContain('**not to its end**: a sidecar rejects it');
  expect(render('html', suiteOf([mistaken]))).not.toContain('report.html"');
});

describe('the files of a suite', () => {
  test('are written whole, found by folder, id and file, and read again', async () => {
    const reports = await mkdtemp(join(tmpdir(), 'bw-suite-'));
    onTestFinished(() => rm(reports, { recursive: true, force: true }));
    await writeSuite(reports, sampleSuite());
    expect((await readdir(reports)).sort()).toEqual(['index.html', 'junit.xml', 'suite.json', 'suite.md']);
    expect(await readSuite(reports)).toEqual(sampleSuite());
    expect(await findSuite('nowhere', reports)).toBe(reports);
    expect(await findSuite('nowhere', join(reports, 'index.html'))).toBe(reports);
    expect(await findSuite(join(reports, '..'), reports.split('/').at(-1) ?? '')).toBe(reports);
    expect(await findSuite(reports, 'none')).toBeUndefined();
    await writeFile(join(reports, 'suite.json'), '{"schema": "breakwater/suite/v9"}');
    const error = await readSuite(reports).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ message: expect.stringContaining('is of version'), exitCode: 2 });
  });

  test('suite.json is what its published schema says', async () => {
    const published = JSON.parse(
      await readFile(new URL('../../../docs/suite.schema.json', import.meta.url), 'utf8'),
    );
    expect(published).toEqual(JSON.parse(JSON.stringify(suiteJsonSchema())));
    const validate = new Ajv2020({ strict: false }).compile(published);
    for (const suite of [sampleSuite(), hostileSuite()]) {
      expect(validate(JSON.parse(render('json', suite))), JSON.stringify(validate.errors)).toBe(true);
    }
  });
});

describe('junit.xml of a suite', () => {
  test('has the suite of each run as its own junit.xml has it, and one for each without a report', () => {
    const xml = render('junit', sampleSuite());
    const [, own = ''] =
      /(<testsuite name="zone-failover"[\s\S]*<\/testsuite>)/.exec(junit(sampleReport())) ?? [];
    expect(own).not.toBe('');
    expect(xml).toContain(own);
    expect(count(xml, /<testsuite /g)).toBe(5);
    expect(xml).toContain('<error message="istiod ended by itself (exit code 1)" type="invalid">');
    expect(xml).toMatch(/<testsuite name="header-routing" tests="1" failures="0" errors="0" skipped="1"/);
    expect(xml).toMatch(/<testsuites name="breakwater" tests="\d+" failures="1" errors="3" skipped="\d+"/);
  });
});

describe('suite.md', () => {
  test('has one table, and the reason and line of what failed', () => {
    const text = render('md', sampleSuite());
    expect(text).toMatch(/^## ❌ FAIL: 1 of 5 scenarios passed/);
    expect(count(text, /^\| --- /gm)).toBe(1);
    expect(text).toContain('A host of edge-app is ejected after five errors in a row');
    expect(text).toContain('`zone-failover.mesh.yaml:23`');
    expect(text).toContain('**DELETE /admin from intruder to edge-app**');
    expect(text).toContain('**no report**: istiod ended by itself (exit code 1)');
  });
});

test('a reason that several checks share is told with the first', () => {
  const report = sampleReport('fail');
  const [failed] = report.checks.filter(({ status }) => status === 'fail');
  if (failed === undefined) throw new Error('no check fails');
  const twice = { ...report, checks: [failed, { ...failed, name: 'another one' }] };
  const text = render('terminal', suiteOf([reported(twice)]));
  expect(count(text, /is ejected after five errors in a row/g)).toBe(1);
  expect(text).toMatch(/another one[\s\S]*For the same reason as above/);
});

describe('the terminal', () => {
  test('has a line a scenario and what failed, in 80 columns without colours', () => {
    const text = render('terminal', sampleSuite());
    const head = text.split('\n').findIndex((line) => /^ +scenario +checks /.test(line));
    expect(text.split('\n').slice(head + 1, head + 6)).toEqual([
      expect.stringMatching(/^ ok {7}zone-failover +\d+ of \d+ /),
      expect.stringMatching(/^ FAIL {5}zone-failover +\d+ of \d+ /),
      expect.stringMatching(/^ invalid {2}zone-failover +\d+ of \d+ /),
      expect.stringMatching(/^ error {4}mtls .* 1\.4 s$/),
      expect.stringMatching(/^ not run {2}header-routing [ -]+$/),
    ]);
    expect(text).toContain('zone-failover.mesh.yaml:23');
    expect(text).toContain('reports/suite-1/index.html');
    for (const line of text.split('\n').filter((each) => !/^ (Again|Report)/.test(each))) {
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

describe('names that are none', () => {
  const suite = hostileSuite();

  test('become no markup of index.html, and lead nowhere but into the folders of runs', () => {
    const page = render('html', suite);
    expect(page).not.toMatch(/<script|<img|<svg onload|<details/);
    const links = [...page.matchAll(/ href="([^"]*)"/g)].map(([, link]) => link);
    expect(
      links.filter((link) => !/^(\.\.\/[^/]+\/report\.html|#scenarios|data:image\/svg.*)$/.test(link ?? '')),
    ).toEqual([]);
  });

  test('become no markup of suite.md and no rows of its table', () => {
    const text = render('md', suite);
    expect(text).not.toMatch(/<script|<img|<svg|<details|@everyone/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(2 + suite.scenarios.length);
    for (const row of rows) expect(count(row, /\|/g)).toBe(8);
  });

  test('become no elements of junit.xml', () => {
    const xml = render('junit', suite);
    expect(xml).not.toMatch(/<script|<img|<svg|<x\/>|]]>/);
    expect(count(xml, /<testsuite /g)).toBe(4);
    expect(xml.isWellFormed()).toBe(true);
  });

  test('write no lines of their own on the terminal', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it looks for
    expect(render('terminal', suite)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u2029\u202e]/);
  });
});
