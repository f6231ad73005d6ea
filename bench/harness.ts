/** What watching costs: the harness's own CPU against k6's in a real run, and its memory. */
import { runScenario } from './support.ts';

const report = await runScenario('scenarios/circuit-breaker.yaml');
const { harness, programs } = report.resources;
const k6 = programs['k6'];
if (!k6) throw new Error('the report has no CPU of k6');
console.log(`harness against k6 in one run of ${report.scenario.load} (${report.verdict})`);
console.log(
  `  CPU     ${(harness.cpuMs / k6.cpuMs).toFixed(2)} x k6's (${harness.cpuMs.toFixed(0)} ms, ${k6.cpuMs.toFixed(0)} ms)`,
);
console.log(`  memory  ${(harness.maxRssBytes / 1e6).toFixed(0)} MB`);
console.log(
  `  to the first mTLS request ${((report.timing.toFirstRequestMs ?? 0) / 1000).toFixed(2)} s (aim: 3), beside the load ${(report.timing.overheadMs / 1000).toFixed(2)} s (aim: 6)`,
);
