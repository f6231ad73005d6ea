import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { json } from './json.ts';
import { reportSchema } from './model.ts';

describe('report.json', () => {
  test.each([sampleReport(), sampleReport('fail'), sampleReport('invalid'), hostileReport()])(
    'reads back as the same report ($verdict)',
    (report) => {
      expect(reportSchema.parse(JSON.parse(json(report)))).toEqual(report);
    },
  );

  test('keeps a series on one line and every field on its own', () => {
    const lines = json(sampleReport()).split('\n');
    expect(lines).toContain('  "verdict": "pass",');
    expect(lines.filter((line) => line.includes('"overflow"'))).toHaveLength(1);
    expect(lines.find((line) => line.includes('"overflow"'))).toMatch(/\[0,0,.*\],$/);
  });

  test('refuses what its schema refuses', () => {
    const report = sampleReport();
    expect(() => json({ ...report, timing: { ...report.timing, wallMs: Number.NaN } })).toThrow(/wallMs/);
  });

  test('its published JSON Schema takes reports, and nothing else', () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as unknown;
    const schema = read('docs/report.schema.json') as object;
    expect(schema).toMatchObject({ title: 'Breakwater report', additionalProperties: false });
    const accepts = new Ajv2020({ strict: false }).compile(schema);
    const reports = [sampleReport(), sampleReport('fail'), sampleReport('invalid'), hostileReport()];
    for (const report of [
      ...reports.map((each) => JSON.parse(json(each))),
      read('reports/example/report.json'),
      read('reports/chain/report.json'),
    ]) {
      expect(accepts(report), JSON.stringify(accepts.errors)).toBe(true);
      expect(accepts({ ...report, verdict: 'maybe' })).toBe(false);
      expect(accepts({ ...report, extra: 1 })).toBe(false);
    }
  });
});
