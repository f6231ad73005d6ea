/**
 * The stall truth: a server that freezes 1 s in every 10 at 500 requests/s has a true p95 of about
 * 500 ms. A report within 5 % of that, or an invalid one, is right; anything else would be a lie.
 */
import { runScenario } from './support.ts';

const trueMs = 500;
const report = await runScenario('bench/stall.yaml');
const p95 = report.traffic.latencyMs['p95'] ?? Number.NaN;
const off = Math.abs(p95 / trueMs - 1);
const right = report.verdict === 'invalid' || off <= 0.05;
console.log(
  `stall truth: p95 ${p95.toFixed(0)} ms, ${(p95 / trueMs).toFixed(3)} x the true ${trueMs} ms, verdict ${report.verdict}`,
);
console.log(`  ${right ? 'right' : 'WRONG'}: within 5 %, or invalid`);
for (const finding of report.validity.filter(({ status }) => status === 'violated')) {
  console.log(`  invalid because ${finding.rule}: ${finding.observed} (limit ${finding.limit})`);
}
if (!right) process.exitCode = 1;
