import { createFacts } from '../../analysis/facts/run-facts.ts';
import { LOAD_MS, outagePlan, planned } from '../../analysis/testing/outage.ts';
import { recordFaults } from '../../analysis/traffic/fault-records.ts';
import { settleTraffic } from '../../analysis/traffic/traffic.ts';
import { windowsOf } from '../../analysis/traffic/windows.ts';
import { judgeCheck } from '../../analysis/verdict/judge.ts';
import { readEvidence } from '../../evidence/evidence.ts';
import type { BuiltRun } from '../../evidence/testing/build-evidence.ts';
import { buildEvidence } from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';

/** What checks, as a scenario has them, make of a run of `outage()`: "pass: no errors: 0", one for each. */
export async function judge(run: BuiltRun, ...checks: unknown[]): Promise<string[]> {
  await using built = await buildEvidence(run);
  const evidence = await readEvidence(built.directory, istio.telemetry);
  const faults = recordFaults(outagePlan([]).trial.faults, evidence.journal, evidence.originMs);
  const windows = windowsOf(faults, [], 1_000, LOAD_MS);
  const traffic = settleTraffic(evidence, faults, 1_000);
  const made = createFacts(evidence, traffic, faults, [], windows, LOAD_MS, () => []);
  const facts = { ...made, spared: undefined };
  return checks.map((check) => {
    const { result } = judgeCheck(planned(check, 'outage'), facts);
    return `${result.status}: ${result.name}: ${result.observed}`;
  });
}
