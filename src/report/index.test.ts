import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperatorError } from '../kit/errors.ts';
import { hostileReport, sampleReport } from './fixture.ts';
import { findReport, readReport, reportFormats, writeReports } from './index.ts';
import type { Report } from './model.ts';

/** The text of a report in which these fields of its parts have other values. */
function changed(parts: Partial<Record<keyof Report, object>>): string {
  const report: Record<string, unknown> = { ...sampleReport() };
  for (const [part, fields] of Object.entries(parts))
    report[part] = { ...(report[part] as object), ...fields };
  return JSON.stringify(report);
}

let reports = '';
beforeEach(async () => {
  reports = await mkdtemp(path.join(tmpdir(), 'breakwater-reports-'));
});
afterEach(() => rm(reports, { recursive: true, force: true }));

describe('the reports of a run', () => {
  test('are written whole, with nothing beside them', async () => {
    await writeReports(path.join(reports, 'run'), sampleReport());
    expect((await readdir(path.join(reports, 'run'))).sort()).toEqual(
      Object.values(reportFormats)
        .flatMap((format) => ('file' in format ? format.file : []))
        .sort(),
    );
    expect(await readReport(path.join(reports, 'run'))).toEqual(sampleReport());
  });

  // Series of a seed each would be there for good.
  test.each(Object.entries(reportFormats).filter(([name]) => name !== 'openmetrics'))(
    'say the seed, which the command has only when it was given (%s)',
    (_, format) => {
      const report = sampleReport();
      const said = format.render(report, { color: false, width: 200 });
      expect(said).toContain('2718281828');
      expect(said).toContain(report.run.command);
      expect(report.run.command).not.toContain('--seed');
    },
  );

  test('are found by folder, by id, by file, and newest first', async () => {
    for (const [name, at] of [
      ['old', 1_000],
      ['new', 2_000],
      ['example', 3_000],
    ] as const) {
      await mkdir(path.join(reports, name));
      await writeFile(path.join(reports, name, 'report.json'), '{}');
      await utimes(path.join(reports, name, 'report.json'), at, at);
    }
    expect(await findReport(reports)).toBe(path.join(reports, 'new'));
    expect(await findReport(reports, 'old')).toBe(path.join(reports, 'old'));
    expect(await findReport('nowhere', path.join(reports, 'old', 'report.json'))).toBe(
      path.join(reports, 'old'),
    );
    await expect(findReport(reports, 'none')).rejects.toThrow(OperatorError);
    await expect(findReport('nowhere')).rejects.toThrow(/no run with a report.json/);
  });

  test.each([
    ['nothing', undefined, /cannot read .*ENOENT/],
    ['half a file', '{"schema": "breakw', /is not JSON/],
    ['a later version', '{"schema": "breakwater/report/v9"}', /is of version "breakwater\/report\/v9"/],
    ['a changed report', '{"schema": "breakwater/report/v1"}', /is not a report:[\s\S]*verdict/],
    ['a report of fewer requests than none', changed({ traffic: { requests: -1 } }), /traffic\.requests/],
    ['a report of steps without end', changed({ series: { steps: 1e9 } }), /series\.steps/],
    ['a report of steps without a width', changed({ series: { stepMs: 0 } }), /series\.stepMs/],
  ])('%s is an error that says so', async (_, content, message) => {
    if (content !== undefined) await writeFile(path.join(reports, 'report.json'), content);
    const error = await readReport(reports).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.any(String),
      exitCode: 2,
    });
  });
});

describe('report.html', () => {
  test.each([sampleReport(), hostileReport()])(
    'is small and has nothing but its own scripts ($verdict)',
    (report) => {
      const page = reportFormats.html.render(report);
      expect(page.length).toBeLessThan(400_000);
      expect([...page.matchAll(/<script/g)]).toHaveLength(3);
    },
  );
});
