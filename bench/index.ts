/** All benchmarks, one after the other; each prints ratios measured in one run. */
for (const file of [
  './k6-points.ts',
  './evidence.ts',
  './harness.ts',
  './stall.ts',
  '../apps/edge-app/bench.ts',
]) {
  await import(file);
  console.log();
}
