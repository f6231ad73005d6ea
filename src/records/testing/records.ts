import { sampleReport } from '../../report/fixture.ts';
import type { RunRecord } from '../model.ts';
import { recordOf } from '../record.ts';

/** A machine of tests. */
export const machine: RunRecord['machine'] = {
  kind: 'kind-a',
  host: 'host-a',
  cpus: 4,
  processor: 'Tester 3000',
  memoryBytes: 16 * 2 ** 30,
  platform: 'linux x64',
};

const usual = { p50: 8, p95: 20, p99: 80, goodput: 398, errors: 0.004, attempts: 1.01 };

/** What is kept of one of many runs: the n-th day's, with these measures. */
export function record(day: number, measures: Readonly<Record<string, number>> = {}): RunRecord {
  const made = recordOf({ ...sampleReport(), measures: { ...usual, ...measures } }, machine, `commit-${day}`);
  if (made === undefined) throw new Error('nothing is kept of it');
  return { ...made, run: `run-${day}`, at: new Date(Date.UTC(2026, 0, 1 + day)).toISOString() };
}
