import { expect, test } from 'vitest';
import type { Report } from '../report/model.ts';
import { compareReports } from './compare-environments.ts';

const report = (verdict: Report['verdict'], checks: Partial<Report['checks'][number]>[]) =>
  ({
    verdict,
    scenario: { name: 'zone-failover', load: '200 requests/s' },
    configuration: [],
    faults: [],
    checks,
    validity: [
      { rule: 'gaps', title: '', status: 'ok', observed: 'none', limit: '' },
      ...(verdict === 'invalid'
        ? [{ rule: 'generator-lag', title: '', status: 'violated', observed: 'p99 3 ms', limit: '' }]
        : []),
    ],
    traffic: { latencyMs: { p50: 6 } },
  }) as unknown as Report;

const eject = { name: 'time-to-eject', kind: 'time-to-eject', observed: '20 ms', value: 20 };
const folders = { local: 'a', kind: 'b' };

test('environments agree when verdict and every check do, whatever the values are', () => {
  const comparison = compareReports(
    report('pass', [{ ...eject, status: 'pass' }]),
    report('pass', [{ ...eject, status: 'pass', observed: '50 ms', value: 50 }]),
    folders,
  );
  expect(comparison.same).toBe(true);
  expect(comparison.checks[0]).toMatchObject({ same: true, ratio: 2.5, onKind: { observed: '50 ms' } });
  expect(comparison.latencyMs).toEqual({ p50: { local: 6, kind: 6 } });
});

test('a check that ends otherwise is a difference, and what made a run invalid is told', () => {
  const comparison = compareReports(
    report('pass', [{ ...eject, status: 'pass', value: 0 }]),
    report('invalid', [{ ...eject, status: 'invalid' }]),
    folders,
  );
  expect(comparison.same).toBe(false);
  expect(comparison.checks[0]?.ratio).toBeUndefined();
  expect(comparison.invalid).toEqual({ local: [], kind: ['generator-lag: p99 3 ms'] });
});

test('runs of a scenario that was changed in between are not compared', () => {
  const one = report('pass', [{ ...eject, status: 'pass', limit: 'within 2 s' }]);
  const other = report('pass', [{ ...eject, status: 'pass', limit: 'within 3 s' }]);
  expect(() => compareReports(one, other, folders)).toThrow('zone-failover was changed between the two runs');
});
