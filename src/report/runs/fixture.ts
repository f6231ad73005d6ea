import { RUNS_SCHEMA, type RunEntry, type Runs } from './model.ts';

const scenarios = ['circuit-breaker', 'outlier-ejection', 'zone-failover', 'mtls'] as const;

/** So many runs of four scenarios, newest first: every tenth failed, every seventh proved nothing. */
export function sampleRuns(count: number): Runs {
  return {
    schema: RUNS_SCHEMA,
    reports: 'reports',
    runs: Array.from({ length: count }, (_, index) => sampleRun(index)),
    unreadable: [],
  };
}

function sampleRun(index: number): RunEntry {
  const scenario = scenarios[index % scenarios.length] ?? 'mtls';
  const verdict = index % 10 === 9 ? 'fail' : index % 7 === 6 ? 'invalid' : 'pass';
  return {
    folder: `${scenario}-${index}`,
    startedAt: new Date(Date.UTC(2026, 2, 14) - index * 3_600_000).toISOString(),
    scenario,
    environment: 'local',
    mesh: 'istio 1.29.1',
    verdict,
    interrupted: false,
    summary: verdict === 'fail' ? `Cause number ${index}.` : 'The mesh did what it did.',
    checks: 5,
    failedChecks: verdict === 'fail' ? 2 : 0,
    requests: 4_800,
    ok: 4_800 - (index % 13),
    p95Ms: 12 + (index % 5),
    wallMs: 26_000,
  };
}
