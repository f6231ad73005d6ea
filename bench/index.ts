/** All benchmarks, one after the other; each prints ratios measured in one run. */
for (const name of ['k6-points', 'evidence', 'harness', 'stall']) {
  await import(`./${name}.ts`);
  console.log();
}
