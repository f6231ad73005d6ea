import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { openmetrics } from './openmetrics.ts';

/** name{label="value",…} number, as the specification has it. */
const sample = /^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

test.each([
  ['a run', [sampleReport()]],
  ['one that failed beside one that proves nothing', [sampleReport('fail'), sampleReport('invalid')]],
  ['names that would break out of their quotes', [hostileReport()]],
])('%s: every line is whole, every family said once, every series once', (_, reports) => {
  const text = openmetrics(reports);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const lines = text.split('\n').slice(0, -2);
  const types = lines.filter((line) => line.startsWith('# TYPE'));
  expect(new Set(types).size).toBe(types.length);
  const samples = lines.filter((line) => !line.startsWith('#'));
  for (const line of samples) expect(line).toMatch(sample);
  const series = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
  expect(new Set(series).size).toBe(series.length);
});

test('says the verdict, the traffic and the checks of the report', () => {
  const report = sampleReport('fail');
  const text = openmetrics([report]);
  expect(text).toContain(
    'breakwater_run_verdict{scenario="zone-failover",environment="local",verdict="fail"} 1\n',
  );
  expect(text).toContain(
    `breakwater_run_requests{scenario="zone-failover",environment="local",outcome="ok"} ${report.traffic.ok}\n`,
  );
  expect(text).toContain(`quantile="0.95"} ${(report.traffic.latencyMs['p95'] ?? 0) / 1_000}\n`);
});

test('the dashboard asks for series that there are', () => {
  const dashboard = JSON.parse(readFileSync('docs/grafana-dashboard.json', 'utf8'));
  const names = new Set(openmetrics([sampleReport()]).match(/^breakwater_\w+/gm));
  const asked = [...JSON.stringify(dashboard).matchAll(/\b(breakwater_\w+)/g)].map(([, name]) => name);
  expect(asked.length).toBeGreaterThan(5);
  for (const name of asked) expect(names).toContain(name);
  const ids = dashboard.panels.map(({ id }: { id: number }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
