import { expect, test } from 'vitest';
import type { PlannedProbe, ProbeSchedule } from './planned.ts';
import { probeScript } from './script.ts';

const probes = (count: number, schedule: ProbeSchedule, timeoutMs = 2_000) =>
  Array.from(
    { length: count },
    (_, number): PlannedProbe => ({
      number,
      name: 'who',
      from: 'web',
      to: 'shop',
      port: 8080,
      method: 'GET',
      path: `/${number}`,
      headers: {},
      body: undefined,
      timeoutMs,
      schedule,
      expect: { status: 200 },
      given: { headers: [], query: false },
    }),
  );

/** What k6 is told, and the paths that each of its schedules asks for. */
function scriptOf(all: readonly PlannedProbe[], pods = 1) {
  const { files, script } = probeScript(all, (service) => service, 10_000, pods);
  const text = files[script] ?? '';
  const constant = (name: string) =>
    JSON.parse(text.match(new RegExp(`const ${name} = ([^]*?);\\n\\n`))?.[1] ?? 'null');
  return {
    schedules: Object.values<Record<string, unknown>>(constant('options').scenarios),
    sizes: constant('groups').map((group: readonly object[]) => group.length),
  };
}

test('many probes of one schedule are spread over the time until they are due again', () => {
  const { schedules, sizes } = scriptOf(probes(50, { everyMs: 3_000 }));
  expect(sizes).toEqual([20, 20, 10]);
  expect(schedules).toMatchObject([
    { startTime: '0ms', duration: '10000ms', timeUnit: '3000ms', gracefulStop: '2000ms' },
    { startTime: '1000ms', duration: '9000ms', timeUnit: '3000ms' },
    { startTime: '2000ms', duration: '8000ms', timeUnit: '3000ms' },
  ]);
});

test('what is sent once has a user in each of several generators, of which one sends', () => {
  const { schedules } = scriptOf(probes(30, { atMs: 4_000 }), 3);
  expect(schedules).toMatchObject([
    { rate: 1, startTime: '4000ms', preAllocatedVUs: 3 },
    { rate: 1, startTime: '4100ms', preAllocatedVUs: 3 },
  ]);
});

test('a long timeout gives users to its own schedule alone', () => {
  const { schedules } = scriptOf([
    ...probes(1, { everyMs: 1_000 }, 9_000),
    ...probes(1, { everyMs: 500 }, 1_000),
  ]);
  expect(schedules.map(({ preAllocatedVUs }) => preAllocatedVUs)).toEqual([10, 3]);
});
