import { expect, test } from 'vitest';
import type { Evidence } from '../../evidence/evidence.ts';
import { resourcesOf } from './resources.ts';

const series = (name: string, ...samples: readonly (readonly [t: number, pid: number, cpuMs: number])[]) => ({
  name,
  t: samples.map(([t]) => t),
  pid: samples.map(([, pid]) => pid),
  cpuMs: samples.map(([, , cpuMs]) => cpuMs),
  rssBytes: samples.map((_, index) => (index + 1) * 1e6),
});

/** frontend-1 sent three requests, and one of them was tried again. */
const evidenceOf = (processes: readonly ReturnType<typeof series>[], busy?: Evidence['saturation']['busy']) =>
  ({
    saturation: { busy },
    processes: new Map(processes.map((each) => [each.name, each])),
    context: { instances: [{ name: 'frontend-1' }, { name: 'edge-app-1' }, { name: 'edge-app-2' }] },
    requests: { length: 3, client: Uint16Array.of(0, 0, 0, 7) },
    arrivals: { length: 4, instance: Uint16Array.of(1, 1, 2, 2, 7) },
    statistics: [
      {
        instance: 'frontend-1',
        service: 'edge-app',
        t: [-100, 100, 300],
        opened: [40, 41, 43],
        completed: [100, 101, 103],
      },
      { instance: 'frontend-1', service: 'other', t: [-100, 100], opened: [0, 0], completed: [0, 0] },
    ],
  }) as unknown as Evidence;

test('connections are those since the load began, of services that were called', () => {
  expect(resourcesOf(evidenceOf([])).connections).toEqual([
    { client: 'frontend-1', service: 'edge-app', opened: 3, requests: 3 },
  ]);
});

test('sidecars and apps have the requests that their instance sent or got', () => {
  const names = ['k6', 'frontend-1/sidecar', 'edge-app-1/app', 'edge-app-2/sidecar'];
  const { programs } = resourcesOf(evidenceOf(names.map((name) => series(name, [0, 1, 0]))));
  expect(names.map((name) => programs[name]?.requests)).toEqual([undefined, 3, 2, 2]);
});

test('CPU is that of the trial: what was used before the load began is left out, each life counts', () => {
  const processes = [
    series('harness', [-500, 1, 900], [1_000, 1, 1_000], [5_000, 1, 1_250]),
    series('istiod', [-500, 2, 4_000], [5_000, 2, 4_010]),
    series('k6', [200, 3, 20], [5_000, 3, 700]),
    series('edge-app-1/sidecar', [-500, 4, 100], [1_000, 4, 150], [4_000, 5, 30], [5_000, 5, 60]),
  ];
  const { harness, programs } = resourcesOf(evidenceOf(processes));
  expect(harness).toEqual({ cpuMs: 350, maxRssBytes: 3e6 });
  expect(Object.fromEntries(Object.entries(programs).map(([name, { cpuMs }]) => [name, cpuMs]))).toEqual({
    istiod: 10,
    k6: 700,
    'edge-app-1/sidecar': 110,
  });
});

test('what else ran on the machine is all that was busy, less everything that was watched', () => {
  const processes = [
    series('harness', [-500, 1, 900], [5_000, 1, 1_150]),
    series('k6', [200, 3, 20], [5_000, 3, 770]),
  ];
  const machine = (busyMs: number) =>
    resourcesOf(evidenceOf(processes, { cpus: 2, ms: 5_000, busyMs })).machine;
  expect(machine(8_500)).toEqual({ cpus: 2, others: 1.496 });
  // Samples of one and the other are not of the same moment.
  expect(machine(1_000)).toEqual({ cpus: 2, others: 0 });
  expect(machine(90_000)).toEqual({ cpus: 2, others: 2 });
  expect(resourcesOf(evidenceOf(processes)).machine).toBeUndefined();
});
