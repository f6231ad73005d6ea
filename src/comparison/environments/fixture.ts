import { sampleReport } from '../../report/fixture.ts';
import type { Report, ReportCheck } from '../../report/model.ts';
import type { Compared, FinishedRun } from './compare.ts';

/** What a run of tests differs in from the sample report. */
interface Differences {
  readonly verdict?: Report['verdict'];
  /** Of the check of that kind. */
  readonly checks?: Readonly<Record<string, Partial<ReportCheck>>>;
  readonly latencyMs?: Report['traffic']['latencyMs'];
}

/** A run as the comparison gets it. */
export function finishedRun(
  environment: Compared,
  round: number,
  { verdict = 'pass', checks = {}, latencyMs }: Differences = {},
): FinishedRun {
  const sample = sampleReport(verdict);
  const report: Report = {
    ...sample,
    run: { ...sample.run, environment },
    checks: sample.checks.map((check) => ({ ...check, ...checks[check.kind] })),
    traffic: { ...sample.traffic, latencyMs: latencyMs ?? sample.traffic.latencyMs },
  };
  return { environment, round, report, folder: `reports/compare-x/${round}-${environment}/run` };
}

/** A run whose zone failed over after that many milliseconds. */
export const failedOverAfter = (environment: Compared, round: number, value: number): FinishedRun =>
  finishedRun(environment, round, {
    checks: { 'time-to-fail-over': { value, observed: `${value} ms` } },
  });
