/**
 * The stall truth: a server that freezes 1 s in every 10 at 500 requests/s has a true p95 of 500 ms and
 * half the time that it takes to serve what has queued up. k6 and its own clock, in the same run, say what
 * that comes to on this machine; Breakwater must be within 5 % of it, or say invalid. A closed loop, or too
 * few users, would say a few milliseconds.
 */
import { runScenario } from './support.ts';

const idealMs = 500;
const report = await runScenario('bench/stall.yaml');
const p95 = report.traffic.latencyMs['p95'] ?? Number.NaN;
const trueMs = report.traffic.generatorLatencyMs['p95'] ?? Number.NaN;
const off = Math.abs(p95 / trueMs - 1);
const right = report.verdict === 'invalid' || off <= 0.05;
console.log(
  `stall truth: p95 ${p95.toFixed(0)} ms, ${(p95 / trueMs).toFixed(3)} x what k6 itself saw (${trueMs.toFixed(0)} ms), ` +
    `${(p95 / idealMs).toFixed(3)} x the ${idealMs} ms of a server without a backlog; verdict ${report.verdict}`,
);
console.log(`  ${right ? 'right' : 'WRONG'}: within 5 % of k6, or invalid`);
for (const finding of report.validity.filter(({ status }) => status === 'violated')) {
  console.log(`  invalid because ${finding.rule}: ${finding.observed} (limit ${finding.limit})`);
}
if (!right) process.exitCode = 1;
