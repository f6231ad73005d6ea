import { expect, test } from 'vitest';
import { checkSchema } from '../../checks/index.ts';
import type { LoadTotals, ProcessSample } from '../../model/evidence.ts';
import { analysed } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';

const planned = (check: unknown) => ({ name: 'check', check: checkSchema.parse(check), fault: undefined });

/** `healed()` sends 200 requests/s for 12 s; its client's sidecar uses 40 ms of each second. */
const run = healed();
const sidecar = Array.from({ length: 13 }, (_, second): ProcessSample => {
  const rssBytes = (100 + second) * 2 ** 20;
  return { t: second * 1_000, name: 'frontend-1/sidecar', pid: 9, cpuMs: 500 + second * 40, rssBytes };
});
const costly = { ...run, processes: [...(run.processes ?? []), ...sidecar] };

async function judged(given: typeof run, check: unknown): Promise<string> {
  const { checks } = await analysed(given, [planned(check)]);
  const [first] = checks.filter(({ kind }) => kind === (check as { kind: string }).kind);
  return [`${first?.status}: ${first?.observed}`, ...(first?.detail ? [first.detail] : [])].join('; ');
}

test('what a sidecar uses for a request, and how much memory it takes', async () => {
  const cpu = { kind: 'sidecar-cpu', during: 'run', sidecars: { service: 'frontend' } };
  expect(await judged(costly, { ...cpu, atMost: 0.3 })).toBe('pass: 0.20 CPUs at 1,000 requests/s');
  expect(await judged(costly, { ...cpu, atMost: 0.1 })).toBe('fail: 0.20 CPUs at 1,000 requests/s');
  const memory = { kind: 'sidecar-memory', during: 'run', sidecars: { service: 'frontend' } };
  expect(await judged(costly, { ...memory, atMost: '128Mi' })).toBe('pass: 112 MiB');
  expect(await judged(costly, { ...memory, atMost: '111Mi' })).toBe('fail: 112 MiB');
  expect(await judged(run, { ...memory, atMost: '128Mi' })).toMatch(/^invalid: not read/);
});

test('what the mesh adds to the latency of the same requests without it', async () => {
  const totals = (p50: number, p95: number) =>
    ({ name: 'load', requests: 2_400, answers: {}, latencyMs: { p50, p95 } }) as unknown as LoadTotals;
  const compared = (p50: number, p95: number, past: readonly [number, number]) => ({
    ...run,
    load: { latencyMs: { p50, p95 } },
    direct: [totals(...past)],
  });
  const check = { kind: 'added-latency', atMost: '2ms' };
  expect(await judged(compared(3, 4, [1.5, 2]), check)).toBe(
    'pass: 1.5 ms; 3 ms with the mesh, 1.5 ms without',
  );
  expect(await judged(compared(9, 12, [1.5, 2.5]), check)).toMatch(/^fail: 7\.5 ms/);
  // Where requests without a mesh are all over the place, so are those with it.
  expect(await judged(compared(9, 12, [1.5, 8]), check)).toMatch(
    /^invalid: 7\.5 ms.*proves nothing: without a mesh/,
  );
  expect(await judged(run, check)).toMatch(/^invalid: nothing to compare/);
});
