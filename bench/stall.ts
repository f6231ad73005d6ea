/**
 * The stall truth: a server that freezes 1 s in every 10 at 500 requests/s has a true p95 of 500 ms, and what
 * queues up in a freeze takes time to serve on top. Breakwater must say 500 ms within 5 %, or that this machine
 * had no CPU to spare for the queue and the run is therefore invalid. k6's own clock, in the same run, is the
 * second opinion. A closed loop, or too few users, would say a few milliseconds.
 */
import { runScenario } from './support.ts';

const trueMs = 500;
const report = await runScenario('bench/stall.yaml');
const [check] = report.checks;
const p95 = check?.value ?? Number.NaN;
const right = report.verdict === 'invalid' || Math.abs(p95 / trueMs - 1) <= 0.05;
const whole = report.traffic.latencyMs['p95'] ?? Number.NaN;
const k6 = report.traffic.generatorLatencyMs['p95'] ?? Number.NaN;
console.log(
  `stall truth: p95 ${p95.toFixed(0)} ms, ${(p95 / trueMs).toFixed(3)} x the true ${trueMs} ms; verdict ${report.verdict}`,
);
console.log(`  ${right ? 'right' : 'WRONG'}: within 5 %, or invalid`);
console.log(`  over the whole load ${(whole / k6).toFixed(3)} x what k6 itself saw (${k6.toFixed(0)} ms)`);
if (check?.status === 'invalid') console.log(`  invalid because the limit of ${check.limit} ${check.detail}`);
for (const finding of report.validity.filter(({ status }) => status === 'violated')) {
  console.log(`  invalid because ${finding.rule}: ${finding.observed} (limit ${finding.limit})`);
}
if (!right) process.exitCode = 1;
