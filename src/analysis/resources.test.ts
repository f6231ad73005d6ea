import { expect, test } from 'vitest';
import type { Evidence } from '../evidence/evidence.ts';
import { resourcesOf } from './resources.ts';

const series = (name: string, ...samples: readonly (readonly [t: number, pid: number, cpuMs: number])[]) => ({
  name,
  t: samples.map(([t]) => t),
  pid: samples.map(([, pid]) => pid),
  cpuMs: samples.map(([, , cpuMs]) => cpuMs),
  rssBytes: samples.map((_, index) => (index + 1) * 1e6),
});

test('CPU is that of the trial: what was used before the load began is left out, each life counts', () => {
  const processes = [
    series('harness', [-500, 1, 900], [1_000, 1, 1_000], [5_000, 1, 1_250]),
    series('istiod', [-500, 2, 4_000], [5_000, 2, 4_010]),
    series('k6', [200, 3, 20], [5_000, 3, 700]),
    series('edge-app-1/sidecar', [-500, 4, 100], [1_000, 4, 150], [4_000, 5, 30], [5_000, 5, 60]),
  ];
  const evidence = { processes: new Map(processes.map((each) => [each.name, each])) };
  const { harness, programs } = resourcesOf(evidence as unknown as Evidence);
  expect(harness).toEqual({ cpuMs: 350, maxRssBytes: 3e6 });
  expect(Object.fromEntries(Object.entries(programs).map(([name, { cpuMs }]) => [name, cpuMs]))).toEqual({
    istiod: 10,
    k6: 700,
    'edge-app-1/sidecar': 110,
  });
});
