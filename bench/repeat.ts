/**
 * How steady verdicts are: every scenario N times in alternation, and how long the mesh took to come up.
 * `npm run bench:repeat -- [rounds] [scenario…]`; ten rounds of all three take about 15 minutes.
 */
import { runScenario } from './support.ts';

const rounds = Number(process.argv[2] ?? 10);
const named = process.argv.slice(3);
const scenarios = named.length > 0 ? named : ['circuit-breaker', 'outlier-ejection', 'zone-failover'];

const seen = new Map<string, { verdicts: string[]; firstMs: number[]; besideMs: number[] }>(
  scenarios.map((scenario) => [scenario, { verdicts: [], firstMs: [], besideMs: [] }]),
);
for (let round = 0; round < rounds; round++) {
  for (const [scenario, { verdicts, firstMs, besideMs }] of seen) {
    const report = await runScenario(`scenarios/${scenario}.yaml`);
    verdicts.push(report.verdict);
    firstMs.push(report.timing.toFirstRequestMs ?? Number.NaN);
    besideMs.push(report.timing.overheadMs);
    if (report.verdict !== 'pass') console.log(`  ${scenario}, round ${round + 1}: ${report.summary}`);
  }
}
const spread = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    ((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN) / 1_000).toFixed(1);
  return `${at(0)} / ${at(0.5)} / ${at(1)} s`;
};
for (const [scenario, { verdicts, firstMs, besideMs }] of seen) {
  const passed = verdicts.filter((verdict) => verdict === 'pass').length;
  console.log(
    `${scenario.padEnd(17)} ${passed} of ${verdicts.length} pass; first request over mTLS ${spread(firstMs)} (lowest, median, highest; aim: 3), beside the load ${spread(besideMs)} (aim: 6)`,
  );
  if (passed < verdicts.length) process.exitCode = 1;
}
