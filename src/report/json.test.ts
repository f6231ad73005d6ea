import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { json, reportJsonSchema } from './json.ts';
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

  test('its JSON Schema names every field', () => {
    expect(reportJsonSchema()).toMatchObject({
      title: 'Breakwater report',
      additionalProperties: false,
      required: expect.arrayContaining(['verdict', 'checks', 'series']),
    });
  });
});
